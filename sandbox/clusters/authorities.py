"""A cluster's certificate authorities and what they sign."""

import ipaddress
import shutil
from datetime import timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from sandbox.certificates import builder, key_pem, key_usage, new_key, pem, read_key
from sandbox.files import write_private

CENTURY = timedelta(days=36500)
# File names by authority; kwokctl expects the one that signs users and servers as `ca` (and makes one if absent).
FILES = {"control-plane": "ca", "aggregation": "aggregation", "kubelet": "kubelet"}


class Authorities:
    """The three authorities that the SKS API shows (facts §3) and the certificates of the control plane.

    `control-plane` signs users and the API server, `aggregation` what the API server presents to metrics-server;
    `kubelet` signs nothing here, as kwok's one server stands for every kubelet.

    Args:
        folder: where the files live; each private key is readable by its owner alone.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def create(self, cluster_id: str, host: str) -> None:
        """Makes all files unless they are there. A killed call leaves none of them.

        Args:
            host: the API server's public name; with 127.0.0.1 and localhost a subject of its certificate.
        """
        if self.folder.exists():
            return
        draft = Authorities(self.folder.with_name(f"{self.folder.name}.draft"))
        shutil.rmtree(draft.folder, ignore_errors=True)
        draft.folder.mkdir(mode=0o700, parents=True)
        for name, file in FILES.items():
            key = new_key()
            draft._write(file, _self_signed(f"{name}-{cluster_id}", key), key)
        names = [host, "localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"]
        draft._write("admin", *draft._issue("control-plane", "sks-control-plane", ["system:masters"], CENTURY, names))
        draft._write("front-proxy", *draft._issue("aggregation", "front-proxy-client", [], CENTURY))
        draft.folder.rename(self.folder)

    def certificate(self, name: str) -> str:
        """PEM of an authority's certificate.

        Raises:
            KeyError: there is no authority of that name.
        """
        return (self.folder / f"{FILES[name]}.crt").read_text()

    def pair(self, file: str) -> tuple[str, str]:
        """PEM of a certificate on disk and of its key."""
        return (self.folder / f"{file}.crt").read_text(), (self.folder / f"{file}.key").read_text()

    def client(self, user: str, groups: list[str], ttl_seconds: int) -> tuple[str, str]:
        """PEM of a new client certificate and of its key: CN is the user, each O a group (facts §3)."""
        certificate, key = self._issue("control-plane", user, groups, timedelta(seconds=ttl_seconds))
        return pem(certificate), key_pem(key)

    def _issue(
        self, authority: str, name: str, groups: list[str], life: timedelta, hosts: list[str] | None = None
    ) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
        certificate, signer = self.pair(FILES[authority])
        issuer = x509.load_pem_x509_certificate(certificate.encode()).subject
        key = new_key()
        subject = x509.Name(
            [
                *(x509.NameAttribute(NameOID.ORGANIZATION_NAME, group) for group in groups),
                x509.NameAttribute(NameOID.COMMON_NAME, name),
            ]
        )
        usages = [ExtendedKeyUsageOID.CLIENT_AUTH] + ([ExtendedKeyUsageOID.SERVER_AUTH] if hosts else [])
        unsigned = (
            builder(subject, issuer, key, life)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        )
        if hosts:
            subjects = [x509.DNSName(host) for host in hosts]
            loopback = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
            names = x509.SubjectAlternativeName([*subjects, loopback])
            unsigned = unsigned.add_extension(names, critical=False)
        return unsigned.sign(read_key(signer), hashes.SHA256()), key

    def _write(self, file: str, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
        (self.folder / f"{file}.crt").write_text(pem(certificate))
        write_private(self.folder / f"{file}.key", key_pem(key))


def _self_signed(name: str, key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    return (
        builder(subject, subject, key, CENTURY)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(key_usage(signs_certificates=True), critical=True)
        .sign(key, hashes.SHA256())
    )
