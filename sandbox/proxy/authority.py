"""The sandbox's own certificate authority: it signs certificates for Exoscale's names on this machine."""

import os
import ssl
import threading
from datetime import timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from sandbox.certificates import builder, key_pem, key_usage, new_key, pem, read_key
from sandbox.files import write_private

_LIFE = timedelta(days=3650)
# Clients on a Mac refuse a server's certificate that is valid for longer.
_SERVER_LIFE = timedelta(days=825)


class Authority:
    """An authority that is made once and kept; certificates of hosts are only in memory.

    Args:
        folder: folder of `ca.pem` and of `ca-key.pem`, which has key and certificate and only its owner can read.
    """

    def __init__(self, folder: Path) -> None:
        self.certificate_file = folder / "ca.pem"
        self._key_file = folder / "ca-key.pem"
        self._folder = folder
        self._lock = threading.Lock()
        self._contexts: dict[str, ssl.SSLContext] = {}
        if not self._key_file.exists():
            self._create()
        both = self._key_file.read_text()
        self._key = read_key(both)
        self._certificate = x509.load_pem_x509_certificate(both.encode())
        write_private(self.certificate_file, pem(self._certificate))

    def context(self, host: str) -> ssl.SSLContext:
        """Returns a server's TLS settings with a certificate for this host name, which is made on first use."""
        with self._lock:
            if host not in self._contexts:
                self._contexts[host] = self._issue(host)
            return self._contexts[host]

    def _create(self) -> None:
        key = new_key()
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Exoscale sandbox {os.urandom(4).hex()}")])
        certificate = (
            builder(name, name, key, key, _LIFE)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(key_usage(signs_certificates=True), critical=True)
            # Anybody with the key could impersonate Exoscale, and nothing else, to this user's shells.
            .add_extension(
                x509.NameConstraints(permitted_subtrees=[x509.DNSName("exoscale.com")], excluded_subtrees=None),
                critical=True,
            )
            .sign(key, hashes.SHA256())
        )
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(self._key_file, key_pem(key) + pem(certificate))

    def _issue(self, host: str) -> ssl.SSLContext:
        key = new_key()
        # No common name: it is limited to 64 characters, and clients only check the subject's alternative names.
        certificate = (
            builder(x509.Name([]), self._certificate.subject, key, self._key, _SERVER_LIFE)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(key_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_alpn_protocols(["http/1.1"])
        # `load_cert_chain` reads files only.
        file = self._folder / f".{host[:200]}.pem"
        write_private(file, key_pem(key) + pem(certificate))
        try:
            context.load_cert_chain(file)
        finally:
            file.unlink()
        return context
