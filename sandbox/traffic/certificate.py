"""Certificates of TLS Secrets, and those that a controller makes for itself."""

import base64
import functools
import ssl
import tempfile
from datetime import timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import NameOID

from sandbox.certificates import builder, key_pem, new_key, pem
from sandbox.controllers.objects import Object
from sandbox.traffic.http import is_single_label

_LIFE = timedelta(days=365)


def covers(secret: Object, name: str) -> bool:
    """Whether the Secret's certificate is for this name."""
    try:
        certificate = x509.load_pem_x509_certificate(base64.b64decode(secret["data"]["tls.crt"]))
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, x509.ExtensionNotFound):
        return False
    hosts = names.get_values_for_type(x509.DNSName)
    return any(name == host or is_single_label(name, host) for host in hosts)


def context_of(secret: Object) -> ssl.SSLContext | None:
    """Returns a server's TLS settings with the Secret's certificate; None if it is unusable."""
    data = secret["data"]
    try:
        return _context(base64.b64decode(data["tls.key"]) + b"\n" + base64.b64decode(data["tls.crt"]))
    except (ValueError, ssl.SSLError):
        return None


@functools.cache
def own(name: str) -> ssl.SSLContext:
    """Returns a server's TLS settings with a self-signed certificate of that common name."""
    key = new_key()
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    certificate = builder(subject, subject, key, key, _LIFE).sign(key, hashes.SHA256())
    return _context((key_pem(key) + pem(certificate)).encode())


@functools.lru_cache(maxsize=64)
def _context(key_and_chain: bytes) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["http/1.1"])
    with tempfile.TemporaryDirectory() as folder:  # `load_cert_chain` reads files only
        file = Path(folder) / "pair.pem"
        file.write_bytes(key_and_chain)
        context.load_cert_chain(file)
    return context
