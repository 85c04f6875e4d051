"""The tutorial's app behind the ingress controller: something to look at, at a path."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes

from .checks import DAY, HOST, NOT_EMPTY, Checks, Form
from .component import Component
from .ingress.host import IngressHost
from .pool_args import NAME
from .release import within

NAMESPACE = "default"
PATH = Form(r"(/[a-z0-9-]+)+", "a path such as /rickroller")
PORT = 8080  # docs/plugins.md, Ingress controllers
_NOT_AWAITED = {"pulumi.com/skipAwait": "true"}
# A foreground delete waits until every pod is gone, and the pods of a dead node stay.
_AT_ONCE = {"pulumi.com/deletionPropagationPolicy": "background"}


@dataclass(frozen=True)
class DemoAppArgs:
    """Arguments of a DemoApp.

    Args:
        ingress_class: class of its Ingress.
        host: a name that its Ingress has a rule of its own for, as TLS needs it. It is served under every other name
            and under the address, too.
        path: path that it is served at, with everything below.
        image: its image. It listens on port 8080 and serves under the prefix in the variable `SCRIPT_NAME`.
        annotations: annotations of its Ingress, such as those that ask for a certificate.
        tls_secret: name of the Secret with the certificate of `host`; None for plain HTTP.
        gateway: name of a Gateway, and of its namespace, that serves it in place of the Ingress; None for the Ingress.
        after: resources that its Ingress is created after and deleted before, such as the controller's release: its
            webhook admits the Ingress.
        timeout_seconds: how long an `up` waits for its pod.

    Raises:
        Invalid: lists every argument that cannot work, one per line.
    """

    ingress_class: str = "nginx"
    host: pulumi.Input[str] | None = None
    path: str = "/rickroller"
    image: str = "derlin/rickroller:latest"
    annotations: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    tls_secret: str | None = None
    gateway: str | None = None
    after: Sequence[pulumi.Resource] = ()
    timeout_seconds: int = 180

    def __post_init__(self) -> None:
        checks = Checks()
        checks.form("ingress_class", self.ingress_class, NAME)
        if isinstance(self.host, str):
            checks.form("host", self.host, HOST)
        checks.form("path", self.path, PATH)
        checks.form("image", self.image, NOT_EMPTY)
        if self.tls_secret is not None and self.host is None:
            checks.refuse("host", self.host, "the name in the certificate, as tls_secret is set")
        if self.tls_secret is not None and self.gateway is not None:
            checks.refuse("gateway", self.gateway, "None with tls_secret: a Gateway has its own certificates")
        checks.number("timeout_seconds", self.timeout_seconds, 1, DAY)
        checks.finish()


class DemoApp(Component):
    """A Deployment, a Service and an Ingress, which every ingress controller serves alike: the app itself serves under
    the prefix, so nothing rewrites the path and no annotation of any controller is needed. A Gateway serves it just so,
    by an HTTPRoute.

    They are in the namespace `default`: a destroy would have to wait for a namespace of their own, and any API service
    that does not answer keeps a namespace from going.
    """

    path: pulumi.Output[str]
    """Path that it is served at; known once it is there."""

    def __init__(
        self,
        name: str,
        cluster: IngressHost,
        args: DemoAppArgs | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        args = args or DemoAppArgs()
        inside = pulumi.ResourceOptions(providers=[cluster.provider], depends_on=[*cluster.foundations])
        super().__init__("DemoApp", name, pulumi.ResourceOptions.merge(inside, opts))
        called = within(cluster, name)
        labels = {"app.kubernetes.io/name": name}
        child_opts = pulumi.ResourceOptions(parent=self, replace_on_changes=["metadata"], delete_before_replace=True)

        def metadata(**annotations: pulumi.Input[str]) -> Any:
            return {"name": called, "namespace": NAMESPACE, "labels": labels, "annotations": annotations}

        pod: Any = _pod(args)
        deployment = kubernetes.apps.v1.Deployment(
            f"{name}-deployment",
            metadata=metadata(**_AT_ONCE),
            spec={
                "selector": {"match_labels": labels},
                "template": {"metadata": {"labels": labels}, "spec": pod},
            },
            opts=pulumi.ResourceOptions.merge(
                child_opts, pulumi.ResourceOptions(custom_timeouts=_within(args.timeout_seconds))
            ),
        )
        service = kubernetes.core.v1.Service(
            f"{name}-service",
            # Waiting for its endpoints would take another 10 s (docs/plugins.md, Kubernetes objects).
            metadata=metadata(**_NOT_AWAITED),
            spec={"selector": labels, "ports": [{"name": "http", "port": 80, "target_port": "http"}]},
            opts=child_opts,
        )
        # The status of an Ingress gets an address only from a controller that reports one, and not from every one in
        # every installation. What answers behind the address is checked with the controller's pods.
        last = pulumi.ResourceOptions.merge(child_opts, pulumi.ResourceOptions(depends_on=[service, *args.after]))
        way: pulumi.CustomResource
        if args.gateway is None:
            way = kubernetes.networking.v1.Ingress(
                f"{name}-ingress",
                metadata=metadata(**_NOT_AWAITED, **args.annotations),
                spec=_rules(args, called),
                opts=last,
            )
        else:
            way = kubernetes.apiextensions.CustomResource(
                f"{name}-route",
                api_version="gateway.networking.k8s.io/v1",
                kind="HTTPRoute",
                metadata=metadata(**_AT_ONCE),
                spec=_route(args.gateway, args.path, called),
                opts=last,
            )
        cluster.drain_before(deployment, service, way)
        there = pulumi.Output.all(deployment.id, way.id)
        self.path = there.apply(lambda _: args.path)
        self.register_outputs({"path": self.path})


def _pod(args: DemoAppArgs) -> dict[str, Any]:
    return {
        "automount_service_account_token": False,
        "containers": [
            {
                "name": "app",
                "image": args.image,
                "env": [
                    {"name": "SCRIPT_NAME", "value": args.path},
                    {"name": "BEHIND_PROXY", "value": "true"},
                ],
                "ports": [{"name": "http", "container_port": PORT}],
                "readiness_probe": {"http_get": {"path": args.path, "port": "http"}},
                "resources": {"requests": {"cpu": "10m", "memory": "64Mi"}, "limits": {"memory": "256Mi"}},
                "security_context": {
                    "allow_privilege_escalation": False,
                    "capabilities": {"drop": ["ALL"]},
                    "seccomp_profile": {"type": "RuntimeDefault"},
                },
            }
        ],
    }


def _rules(args: DemoAppArgs, service: pulumi.Input[str]) -> Any:
    backend = {"service": {"name": service, "port": {"name": "http"}}}
    http = {"paths": [{"path": args.path, "path_type": "Prefix", "backend": backend}]}
    named = [] if args.host is None else [{"host": args.host, "http": http}]
    spec: dict[str, Any] = {"ingress_class_name": args.ingress_class, "rules": [*named, {"http": http}]}
    if args.tls_secret is not None:
        spec["tls"] = [{"hosts": [args.host], "secret_name": args.tls_secret}]
    return spec


def _route(gateway: str, path: str, service: pulumi.Input[str]) -> Any:
    rule = {
        "matches": [{"path": {"type": "PathPrefix", "value": path}}],
        "backendRefs": [{"name": service, "port": 80}],
    }
    return {"parentRefs": [{"name": gateway, "namespace": gateway}], "rules": [rule]}


def _within(seconds: int) -> pulumi.CustomTimeouts:
    return pulumi.CustomTimeouts(create=f"{seconds}s", update=f"{seconds}s")
