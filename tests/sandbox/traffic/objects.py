"""Kubernetes objects as the tests of the sandbox's traffic need them."""

import base64
import itertools
from datetime import timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import NameOID

from sandbox.certificates import builder, key_pem, new_key, pem
from sandbox.controllers.objects import Object, key_of
from sandbox.traffic.snapshot import Snapshot

_UIDS = itertools.count()
F5 = ("-nginx-configmaps=$(POD_NAMESPACE)/nginx", "-ingress-class=nginx")
INGRESS_NGINX = ("/nginx-ingress-controller", "--controller-class=k8s.io/ingress-nginx", "--ingress-class=nginx")
TRAEFIK = (
    "--entryPoints.web.address=:8000/tcp",
    "--entryPoints.websecure.address=:8443/tcp",
    "--entryPoints.websecure.http.tls=true",
    "--providers.kubernetesingress",
    "--providers.kubernetesingress.ingressClass=nginx",
    "--providers.kubernetesingress.allowEmptyServices=true",
)
CONTROLLERS = {
    "f5": (F5, "nginx.org/ingress-controller"),
    "ingress-nginx": (INGRESS_NGINX, "k8s.io/ingress-nginx"),
    "traefik": (TRAEFIK, "traefik.io/ingress-controller"),
}


def meta(name: str, namespace: str | None = "demo", **more: Any) -> Object:
    """Metadata; each object is a second younger than the one before."""
    number = next(_UIDS)
    stamp = f"2026-01-01T{number // 3600:02}:{number // 60 % 60:02}:{number % 60:02}Z"
    space = {"namespace": namespace} if namespace else {}
    return {"name": name, **space, "uid": f"uid-{number:06}", "creationTimestamp": stamp, **more}


def pod(name: str = "controller-1", args: tuple[str, ...] = (), namespace: str = "ingress") -> Object:
    return {"metadata": meta(name, namespace), "spec": {"containers": [{"name": "one", "args": list(args)}]}}


def service(name: str, port: int = 80, namespace: str = "demo", **spec: Any) -> Object:
    ports = [{"name": "http", "port": port, "protocol": "TCP", **spec.pop("port_fields", {})}]
    return {"metadata": meta(name, namespace), "spec": {"type": "ClusterIP", "ports": ports, **spec}}


def slice_of(
    name: str, *pods: tuple[str, str], namespace: str = "demo", port: int = 8080, **conditions: bool
) -> Object:
    """An EndpointSlice of a Service with pods, each given with its node."""
    return {
        "metadata": meta(f"{name}-x", namespace, labels={"kubernetes.io/service-name": name}),
        "ports": [{"name": "http", "port": port}],
        "endpoints": [
            {
                "addresses": [f"192.168.0.{number}"],
                "nodeName": node,
                "conditions": {"ready": True, **conditions},
                "targetRef": {"kind": "Pod", "name": pod, "namespace": namespace},
            }
            for number, (pod, node) in enumerate(pods)
        ],
    }


def path(path: str = "/", name: str = "app", type_: str = "Prefix", port: Any = 80) -> Object:
    wanted = {"number": port} if isinstance(port, int) else {"name": port}
    return {"path": path, "pathType": type_, "backend": {"service": {"name": name, "port": wanted}}}


def ingress(name: str, *paths: Object, host: str = "", tls: list[Object] | None = None, **more: Any) -> Object:
    """An Ingress of class `nginx` with one rule. Further arguments are annotations by `annotations`, or its spec's."""
    rule = {"http": {"paths": list(paths)}, **({"host": host} if host else {})}
    notes = more.pop("annotations", {})
    space = more.pop("namespace", "demo")
    spec = {"ingressClassName": "nginx", "rules": [rule], **({"tls": tls} if tls else {}), **more}
    return {"metadata": meta(name, space, annotations=notes), "spec": spec}


def secret(name: str, *hosts: str, namespace: str = "demo") -> Object:
    key = new_key()
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    names = x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts])
    made = builder(subject, subject, key, key, timedelta(days=1)).add_extension(names, critical=False)
    pair = {"tls.key": key_pem(key), "tls.crt": pem(made.sign(key, hashes.SHA256()))}
    data = {file: base64.b64encode(text.encode()).decode() for file, text in pair.items()}
    return {"metadata": meta(name, namespace), "type": "kubernetes.io/tls", "data": data}


def ingress_class(controller: str, name: str = "nginx") -> Object:
    return {"metadata": meta(name, None), "spec": {"controller": controller}}


def snapshot(*objects: Object, controller: str = "", pods: tuple[Object, ...] = ()) -> Snapshot:
    """Sorts objects by what they look like; the class `nginx` belongs to the given controller."""

    def of(field: str, within: str = "") -> list[Object]:
        return [one for one in objects if field in (one.get(within, {}) if within else one)]

    return Snapshot(
        {key_of(one): one for one in of("ports", "spec")},
        of("endpoints"),
        {key_of(one): one for one in pods},
        [one for one in of("rules", "spec") if "parentRefs" not in one["spec"]]
        + [one for one in of("defaultBackend", "spec") if "rules" not in one["spec"]],
        {"nginx": ingress_class(controller)} | {key_of(one): one for one in of("controller", "spec")},
        {key_of(one): one for one in of("data")},
        {key_of(one): one for one in of("controllerName", "spec")},
        of("listeners", "spec"),
        of("parentRefs", "spec"),
    )
