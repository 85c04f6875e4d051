"""The certificates that Ingresses ask for by an annotation (cert-manager, `pkg/controller/certificate-shim`)."""

from collections.abc import Iterator

from sandbox.cert_manager.objects import CLUSTER_ISSUER, EDIT_IN_PLACE, GROUP, ISSUER, TEMPORARY, annotations
from sandbox.controllers.objects import Object, is_going

_KINDS = {ISSUER: "Issuer", CLUSTER_ISSUER: "ClusterIssuer"}


def certificates(ingress: Object) -> Iterator[Object]:
    """Yields the Certificates of an Ingress: one for each secret under `tls`, with that secret's name."""
    said, metadata = annotations(ingress), ingress["metadata"]
    issuer = next(((kind, said[key]) for key, kind in _KINDS.items() if said.get(key)), None)
    if issuer is None or is_going(ingress):
        return
    temporary = {TEMPORARY: "true"} if said.get(EDIT_IN_PLACE) == "true" else {}
    for entry in ingress["spec"].get("tls") or []:
        if entry.get("secretName") and entry.get("hosts"):
            yield {
                "apiVersion": f"{GROUP}/v1",
                "kind": "Certificate",
                "metadata": {
                    "name": entry["secretName"],
                    "namespace": metadata["namespace"],
                    "annotations": temporary,
                    "ownerReferences": [
                        {
                            "apiVersion": "networking.k8s.io/v1",
                            "kind": "Ingress",
                            "name": metadata["name"],
                            "uid": metadata["uid"],
                            "controller": True,
                            "blockOwnerDeletion": True,
                        }
                    ],
                },
                "spec": {
                    "secretName": entry["secretName"],
                    "dnsNames": entry["hosts"],
                    "issuerRef": {"group": GROUP, "kind": issuer[0], "name": issuer[1]},
                    "usages": ["digital signature", "key encipherment"],
                },
            }


def belongs_to(certificate: Object, ingress: Object) -> bool:
    """Whether the Certificate was made for this Ingress, and not by a user or for another one."""
    owners = certificate["metadata"].get("ownerReferences") or []
    return any(owner["uid"] == ingress["metadata"]["uid"] for owner in owners)
