"""Reads who signs the certificates of Ingresses."""

from components.cert_manager import ACME_SERVERS, ISSUERS, OFFICIAL, SELF_SIGNED, CertManagerArgs
from components.ingress import IngressControllerArgs

from .charts import chart
from .reading import Table

NO_TLS = "none"
NAMES = {
    "issuer": "tls",
    "email": "tls-email",
    "ingress_class": "ingress.class",
    "timeout_seconds": "cert-manager.timeout-seconds",
}


def tls(top: Table, ingress: IngressControllerArgs | None, local: bool) -> CertManagerArgs | None:
    """Reads `tls`, `tls-email` and the object `cert-manager`; notes mistakes in the problems.

    Args:
        top: the top level of the settings.
        ingress: the ingress controller, None for none.
        local: whether the cluster is on this machine.

    Returns:
        What to install; None for nothing.
    """
    issuer = top.text("tls", allowed=(NO_TLS, *ISSUERS))
    table = top.table("cert-manager")
    arguments = {
        "issuer": issuer if issuer in ISSUERS else SELF_SIGNED,
        "email": top.take("tls-email"),
        "chart": chart(table, OFFICIAL),
        **table.arguments(CertManagerArgs, timeout_seconds="timeout-seconds"),
    }
    table.finish()
    if ingress:
        arguments["ingress_class"] = ingress.ingress_class
    args = top.made(CertManagerArgs, arguments, NAMES)
    if issuer not in ISSUERS:
        return None
    if ingress is None:
        top.refuse("tls", issuer, f"{NO_TLS} without an ingress controller, which serves the certificates")
    elif local and issuer in ACME_SERVERS:
        top.refuse("tls", issuer, f"{NO_TLS}, {SELF_SIGNED} on k3d, where Let's Encrypt cannot look")
    return args
