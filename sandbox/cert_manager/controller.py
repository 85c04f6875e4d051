"""One look at a cluster: makes the Certificates of its Ingresses, signs them, and says what is ready."""

from collections.abc import Iterator

from sandbox.ccm.nodes import is_ready
from sandbox.cert_manager import ingresses, signing
from sandbox.cert_manager.objects import (
    API,
    CERTIFICATES,
    CLUSTER_ISSUERS,
    INGRESSES,
    ISSUERS,
    TEMPORARY,
    annotations,
    path_of,
    text,
    with_ready,
)
from sandbox.controllers.cluster import Cluster
from sandbox.controllers.objects import NODES, PODS, Object, is_going, key_of

SECRETS = "/api/v1/secrets"
POD_LABELS = "app.kubernetes.io/name=cert-manager,app.kubernetes.io/component=controller"
NO_SIGNER = "the sandbox signs for issuers of kind SelfSigned only and reaches no other, Let's Encrypt included"


class CertManager:
    """The cert-manager of one cluster; it keeps nothing between two looks."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def look(self) -> None:
        """Does whatever is to be done. Raises Refused, or one of `Away`."""
        if not self._cluster.get(API) or not self._runs():
            return
        for path in (CLUSTER_ISSUERS, ISSUERS):
            for issuer in self._all(path):
                self._report_issuer(path, issuer)
        known = {key_of(certificate): certificate for certificate in self._all(CERTIFICATES)}
        for ingress in self._all(INGRESSES):
            self._serve(ingress, known)
        for certificate in known.values():
            if not is_going(certificate):
                self._issue(certificate)

    def _runs(self) -> bool:
        """Whether a pod of it is Ready on a Ready node: a pod outlives its machine by a minute."""
        for pod in self._all(f"{PODS}?labelSelector={POD_LABELS}"):
            node = is_ready(pod) and not is_going(pod) and self._cluster.get(f"{NODES}/{pod['spec']['nodeName']}")
            if node and is_ready(node):
                return True
        return False

    def _report_issuer(self, collection: str, issuer: Object) -> None:
        if "selfSigned" in issuer["spec"]:
            changed = with_ready(issuer, True, "IsReady", "")
        else:
            changed = with_ready(issuer, False, "NotSimulated", NO_SIGNER)
        if changed:
            namespace, name = issuer["metadata"].get("namespace"), issuer["metadata"]["name"]
            self._report(path_of(collection, namespace, name) if namespace else f"{collection}/{name}", changed)

    def _serve(self, ingress: Object, known: dict[str, Object]) -> None:
        """Brings the Ingress's Certificates up to date; the next look signs new ones."""
        wanted = {key_of(one): one for one in ingresses.certificates(ingress)}
        for key, certificate in wanted.items():
            namespace, name = key.split("/")
            old = known.get(key)
            if old is None:
                self._cluster.create(path_of(CERTIFICATES, namespace), certificate)
            elif ingresses.belongs_to(old, ingress) and old["spec"] != certificate["spec"]:
                self._cluster.replace(path_of(CERTIFICATES, namespace, name), {**old, "spec": certificate["spec"]})
        if wanted:
            for key, old in known.items():
                if key not in wanted and ingresses.belongs_to(old, ingress):
                    self._cluster.delete(path_of(CERTIFICATES, *key.split("/")))

    def _issue(self, certificate: Object) -> None:
        namespace, spec = certificate["metadata"]["namespace"], certificate["spec"]
        path = path_of(SECRETS, namespace, spec["secretName"])
        held = self._cluster.get(path)
        if problem := self._problem(certificate):
            if held is None and annotations(certificate).get(TEMPORARY) == "true":
                self._cluster.create(path_of(SECRETS, namespace), signing.secret(certificate, temporary=True))
            self._say(certificate, with_ready(certificate, False, "DoesNotExist", problem))
            return
        if held is None or not signing.is_of(held, certificate):
            new = signing.secret(certificate)
            if held is None:
                self._cluster.create(path_of(SECRETS, namespace), new)
            else:
                self._cluster.patch(path, {"metadata": new["metadata"], "data": new["data"]})
            held = new
        if signed := signing.read(held):
            times = {
                "notBefore": text(signed.not_valid_before_utc),
                "notAfter": text(signed.not_valid_after_utc),
                "renewalTime": text(signing.renewal(signed)),
            }
            message = "Certificate is up to date and has not expired"
            self._say(certificate, with_ready(certificate, True, "Ready", message, **times))

    def _problem(self, certificate: Object) -> str:
        """Returns why nobody signs it; empty if somebody does."""
        reference = certificate["spec"]["issuerRef"]
        kind, name = signing.kind_of(reference), reference["name"]
        cluster_wide = kind == "ClusterIssuer"
        path = (
            f"{CLUSTER_ISSUERS}/{name}"
            if cluster_wide
            else path_of(ISSUERS, certificate["metadata"]["namespace"], name)
        )
        issuer = self._cluster.get(path)
        if issuer is None:
            return f'Issuing certificate as Secret does not exist; Referenced "{kind}" not found: {name}'
        return "" if "selfSigned" in issuer["spec"] else f"Issuing certificate as Secret does not exist; {NO_SIGNER}"

    def _say(self, certificate: Object, changed: Object | None) -> None:
        if changed:
            self._report(path_of(CERTIFICATES, *key_of(certificate).split("/")), changed)

    def _report(self, path: str, changed: Object) -> None:
        self._cluster.replace(f"{path}/status", changed)

    def _all(self, path: str) -> Iterator[Object]:
        yield from self._cluster.list(path)["items"]
