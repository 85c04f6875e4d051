"""The simulated cert-manager: which Ingresses get a certificate, and when it does nothing."""

import base64
import copy
import socket
import ssl
import threading
from pathlib import Path
from typing import Any, cast

import pytest
from cryptography import x509

from sandbox.cert_manager.controller import NO_SIGNER, CertManager
from sandbox.cert_manager.objects import API, CERTIFICATES, CLUSTER_ISSUERS, INGRESSES, ISSUERS, path_of
from sandbox.controllers.cluster import Cluster
from sandbox.controllers.objects import NODES, Object

HOST = "app.example.test"
READY = {"conditions": [{"type": "Ready", "status": "True"}]}
UNREADY = {"conditions": [{"type": "Ready", "status": "False"}]}
SECRET = "/api/v1/namespaces/shop/secrets/app-tls"
CERTIFICATE = path_of(CERTIFICATES, "shop", "app-tls")


class PaperCluster:
    """Objects by path, as much of the API server as the controller uses."""

    def __init__(self) -> None:
        self.objects: dict[str, Object] = {API: {"kind": "APIResourceList"}}
        self.writes: list[str] = []

    def get(self, path: str) -> Object | None:
        return copy.deepcopy(self.objects.get(path))

    def list(self, path: str) -> Object:
        root, _, plural = path.partition("?")[0].rpartition("/")
        inside = [one for at, one in self.objects.items() if at.startswith(f"{root}/") and at.split("/")[-2] == plural]
        return {"items": copy.deepcopy(inside)}

    def create(self, path: str, body: Object) -> bool:
        full = f"{path}/{body['metadata']['name']}"
        self.writes.append(full)
        return self.objects.setdefault(full, copy.deepcopy(body)) == body

    def replace(self, path: str, body: Object) -> bool:
        self.writes.append(path)
        self.objects[path.removesuffix("/status")] = copy.deepcopy(body)
        return True

    def patch(self, path: str, patch: Object) -> Object:
        self.writes.append(path)
        for key, value in patch.items():
            self.objects[path][key] |= value
        return self.objects[path]

    def delete(self, path: str) -> None:
        self.writes.append(path)
        del self.objects[path]


def ingress(name: str = "app", **more: Any) -> Object:
    """An Ingress that asks for a certificate of the issuer `self-signed`."""
    annotations = more.pop("annotations", {"cert-manager.io/cluster-issuer": "self-signed"})
    spec: Object = {"tls": [{"hosts": [HOST], "secretName": "app-tls"}], **more}
    return {
        "metadata": {"name": name, "namespace": "shop", "uid": f"{name}-uid", "annotations": annotations},
        "spec": spec,
    }


@pytest.fixture
def cluster() -> PaperCluster:
    """A cluster with cert-manager's definitions, a pod of it that runs, two issuers and an Ingress."""
    paper = PaperCluster()
    paper.objects[f"{NODES}/node"] = {"metadata": {"name": "node"}, "status": READY}
    pod = {"metadata": {"name": "pod", "namespace": "cert-manager"}, "spec": {"nodeName": "node"}, "status": READY}
    paper.objects["/api/v1/namespaces/cert-manager/pods/pod"] = pod
    for name, spec in (("self-signed", {"selfSigned": {}}), ("letsencrypt", {"acme": {}})):
        paper.objects[f"{CLUSTER_ISSUERS}/{name}"] = {"metadata": {"name": name}, "spec": spec}
    paper.objects[path_of(INGRESSES, "shop", "app")] = ingress()
    return paper


def look(cluster: PaperCluster, times: int = 3) -> None:
    """Looks until it has nothing more to do, which two looks are enough for."""
    for _ in range(times):
        cluster.writes.clear()
        CertManager(cast(Cluster, cluster)).look()
    assert cluster.writes == []


def condition(object_: Object) -> Object:
    (found,) = object_["status"]["conditions"]
    return cast(Object, found)


def held(cluster: PaperCluster) -> x509.Certificate:
    return x509.load_pem_x509_certificate(base64.b64decode(cluster.objects[SECRET]["data"]["tls.crt"]))


def test_an_ingress_with_the_annotation_gets_a_certificate_in_the_secret_that_it_names(cluster: PaperCluster) -> None:
    look(cluster)

    certificate, secret = cluster.objects[CERTIFICATE], cluster.objects[SECRET]
    assert certificate["metadata"]["ownerReferences"][0]["uid"] == "app-uid"
    assert condition(certificate)["status"] == "True"
    assert secret["type"] == "kubernetes.io/tls"
    assert secret["data"].keys() == {"tls.crt", "tls.key", "ca.crt"}
    names = held(cluster).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == [HOST]


def test_a_client_that_trusts_the_certificate_itself_opens_a_connection(cluster: PaperCluster, tmp_path: Path) -> None:
    look(cluster)
    for name, text in cluster.objects[SECRET]["data"].items():
        (tmp_path / name).write_bytes(base64.b64decode(text))
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context(cafile=tmp_path / "ca.crt")
    server.load_cert_chain(tmp_path / "tls.crt", tmp_path / "tls.key")
    here, there = socket.socketpair()
    serving = threading.Thread(target=lambda: server.wrap_socket(there, server_side=True).close())
    serving.start()

    with client.wrap_socket(here, server_hostname=HOST) as connection:
        assert connection.version() == "TLSv1.3"
    serving.join()


@pytest.mark.parametrize(
    "entry",
    [
        ingress(annotations={}),
        ingress(tls=[]),
        ingress(tls=[{"hosts": [HOST]}]),
        ingress(tls=[{"secretName": "app-tls"}]),
    ],
)
def test_an_ingress_that_does_not_ask_for_a_certificate_gets_none(cluster: PaperCluster, entry: Object) -> None:
    cluster.objects[path_of(INGRESSES, "shop", "app")] = entry
    look(cluster)

    assert CERTIFICATE not in cluster.objects
    assert SECRET not in cluster.objects


def test_an_issuer_of_the_namespace_signs_too(cluster: PaperCluster) -> None:
    cluster.objects[path_of(ISSUERS, "shop", "mine")] = {
        "metadata": {"name": "mine", "namespace": "shop"},
        "spec": {"selfSigned": {}},
    }
    cluster.objects[path_of(INGRESSES, "shop", "app")] = ingress(annotations={"cert-manager.io/issuer": "mine"})
    look(cluster)

    assert condition(cluster.objects[CERTIFICATE])["status"] == "True"
    assert condition(cluster.objects[path_of(ISSUERS, "shop", "mine")])["status"] == "True"


@pytest.mark.parametrize(
    ("annotations", "temporary"),
    [({}, False), ({"acme.cert-manager.io/http01-edit-in-place": "true"}, True)],
)
def test_a_certificate_of_lets_encrypt_is_never_ready_and_says_why(
    cluster: PaperCluster, annotations: dict[str, str], temporary: bool
) -> None:
    annotations |= {"cert-manager.io/cluster-issuer": "letsencrypt"}
    cluster.objects[path_of(INGRESSES, "shop", "app")] = ingress(annotations=annotations)
    look(cluster)

    assert condition(cluster.objects[CERTIFICATE])["status"] == "False"
    assert NO_SIGNER in condition(cluster.objects[CERTIFICATE])["message"]
    assert condition(cluster.objects[f"{CLUSTER_ISSUERS}/letsencrypt"])["status"] == "False"
    assert (SECRET in cluster.objects) == temporary


def test_a_certificate_of_an_issuer_that_is_not_there_says_so(cluster: PaperCluster) -> None:
    cluster.objects[path_of(INGRESSES, "shop", "app")] = ingress(annotations={"cert-manager.io/cluster-issuer": "typo"})
    look(cluster)

    assert 'Referenced "ClusterIssuer" not found: typo' in condition(cluster.objects[CERTIFICATE])["message"]


def test_other_hosts_get_another_certificate_in_the_same_secret(cluster: PaperCluster) -> None:
    look(cluster)
    before = held(cluster).serial_number
    cluster.objects[path_of(INGRESSES, "shop", "app")]["spec"]["tls"][0]["hosts"] = ["other.example.test"]
    look(cluster)

    assert held(cluster).serial_number != before
    assert cluster.objects[CERTIFICATE]["spec"]["dnsNames"] == ["other.example.test"]


def test_a_certificate_that_its_ingress_no_longer_names_goes_and_a_users_own_stays(cluster: PaperCluster) -> None:
    look(cluster)
    theirs = copy.deepcopy(cluster.objects[CERTIFICATE])
    theirs["metadata"] |= {"name": "theirs", "ownerReferences": []}
    theirs["spec"]["secretName"] = "theirs"
    cluster.objects[path_of(CERTIFICATES, "shop", "theirs")] = theirs
    cluster.objects[path_of(INGRESSES, "shop", "app")]["spec"]["tls"][0]["secretName"] = "new-tls"
    look(cluster)

    assert CERTIFICATE not in cluster.objects
    assert path_of(CERTIFICATES, "shop", "new-tls") in cluster.objects
    assert path_of(CERTIFICATES, "shop", "theirs") in cluster.objects


def test_a_secret_that_was_deleted_is_made_again(cluster: PaperCluster) -> None:
    look(cluster)
    del cluster.objects[SECRET]
    look(cluster)

    assert SECRET in cluster.objects


@pytest.mark.parametrize(
    "what",
    [
        {API: None},
        {"/api/v1/namespaces/cert-manager/pods/pod": None},
        {f"{NODES}/node": {"status": UNREADY}},
        {f"{NODES}/node": None},
    ],
    ids=["no definitions", "no pod", "a node that is not ready", "no node"],
)
def test_without_definitions_or_a_pod_that_runs_it_does_nothing(
    cluster: PaperCluster, what: dict[str, Object | None]
) -> None:
    for path, object_ in what.items():
        if object_ is None:
            del cluster.objects[path]
        else:
            cluster.objects[path] |= object_
    look(cluster, times=1)

    assert CERTIFICATE not in cluster.objects
    assert "status" not in cluster.objects[f"{CLUSTER_ISSUERS}/self-signed"]
