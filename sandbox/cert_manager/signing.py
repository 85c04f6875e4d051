"""The secret of a certificate that signs itself, as cert-manager writes it for an issuer of kind SelfSigned."""

import base64
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from sandbox.cert_manager.objects import GROUP
from sandbox.certificates import builder, key_pem, key_usage, new_key, pem
from sandbox.controllers.objects import Object

LIFE, RENEWAL = timedelta(days=90), timedelta(days=30)  # the defaults: renewed when a third of its life is left
NAMES, ISSUER_NAME, ISSUER_KIND = (f"{GROUP}/{key}" for key in ("alt-names", "issuer-name", "issuer-kind"))


def secret(certificate: Object, temporary: bool = False) -> Object:
    """Makes the Secret of a Certificate, with a new key.

    Args:
        temporary: whether it only has to be there until the issuer has signed: it names no issuer.
    """
    spec, metadata = certificate["spec"], certificate["metadata"]
    key = new_key()
    signed = _sign(spec["dnsNames"], key)
    content = {"tls.crt": pem(signed), "tls.key": key_pem(key)} | ({} if temporary else {"ca.crt": pem(signed)})
    issuer = {} if temporary else {ISSUER_NAME: spec["issuerRef"]["name"], ISSUER_KIND: kind_of(spec["issuerRef"])}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "kubernetes.io/tls",
        "metadata": {
            "name": spec["secretName"],
            "namespace": metadata["namespace"],
            "annotations": {f"{GROUP}/certificate-name": metadata["name"], NAMES: ",".join(spec["dnsNames"]), **issuer},
            "labels": {f"controller.{GROUP}/fao": "true"},
        },
        "data": {name: base64.b64encode(text.encode()).decode() for name, text in content.items()},
    }


def read(found: Object) -> x509.Certificate | None:
    """Returns the certificate in a Secret; None if it holds none."""
    try:
        return x509.load_pem_x509_certificate(base64.b64decode(found["data"]["tls.crt"]))
    except (KeyError, TypeError, ValueError):
        return None


def is_of(found: Object, certificate: Object) -> bool:
    """Whether a Secret holds what its Certificate asks for, by the issuer that it names, for long enough."""
    spec, said = certificate["spec"], found["metadata"].get("annotations") or {}
    wanted = {
        NAMES: ",".join(spec["dnsNames"]),
        ISSUER_NAME: spec["issuerRef"]["name"],
        ISSUER_KIND: kind_of(spec["issuerRef"]),
    }
    held = read(found)
    return wanted.items() <= said.items() and held is not None and datetime.now(UTC) < renewal(held)


def renewal(held: x509.Certificate) -> datetime:
    """Returns when a certificate is renewed."""
    return held.not_valid_after_utc - RENEWAL


def kind_of(reference: Object) -> str:
    """Returns the kind of the issuer that is referred to."""
    return str(reference.get("kind", "Issuer"))


def _sign(names: Sequence[str], key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    nobody = x509.Name([])  # no common name: the names are in the extension
    return (
        builder(nobody, nobody, key, key, LIFE)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=True)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(key_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
