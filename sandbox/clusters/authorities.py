"""A cluster's certificate authorities and what they sign."""

import ipaddress
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from sandbox.certificates import builder, key_pem, key_usage, new_key, pem, read_key
from sandbox.clusters import etcd
from sandbox.files import write_private

Pair = tuple[x509.Certificate, ec.EllipticCurvePrivateKey]
CENTURY = timedelta(days=36500)
# File names by authority; kwokctl expects the one that signs users and servers as `ca` (and makes one if absent).
FILES = {"control-plane": "ca", "aggregation": "aggregation", "kubelet": "kubelet"}


class Authorities:
    """The authorities that the SKS API shows (`get-sks-cluster-authority-cert`) and what they sign.

    `control-plane` signs users and the API server, `aggregation` the API server's certificate for metrics-server;
    `kubelet` signs nothing here, as kwok's only server plays every kubelet. Etcd has its own authority, which signs no
    user's certificate; its key is discarded once it has signed.

    Args:
        folder: folder for the files, each readable only by its owner.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def create(self, cluster_id: str, host: str) -> None:
        """Makes all files unless they exist. A killed call leaves no incomplete set.

        Args:
            host: the API server's public name; its certificate is for this name, 127.0.0.1 and localhost.
        """
        if not self.folder.exists():
            with _complete(self.folder) as draft:
                Authorities(draft)._create_users(cluster_id, host)
        elif not _says_whose_key_signed_it(_read(self.pair("admin")[0])):  # as in a cluster that an older version made
            certificate, _ = self._issue(*self._api_server(host), key=read_key(self.pair("admin")[1]))
            write_private(self.folder / "admin.crt", pem(certificate))
        if not (self.folder / etcd.FOLDER).exists():  # nor in a cluster that an older version made
            with _complete(self.folder / etcd.FOLDER) as draft:
                Authorities(draft)._create_etcd(cluster_id)

    def _create_users(self, cluster_id: str, host: str) -> None:
        for name, file in FILES.items():
            self._write(file, *_authority(f"{name}-{cluster_id}"))
        self._write("admin", *self._issue(*self._api_server(host)))
        self._write("front-proxy", *self._issue("aggregation", "front-proxy-client", [], CENTURY))

    @staticmethod
    def _api_server(host: str) -> tuple[str, str, list[str], timedelta, list[str]]:
        names = [host, "localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"]
        return "control-plane", "sks-control-plane", ["system:masters"], CENTURY, names

    def _create_etcd(self, cluster_id: str) -> None:
        certificate, signer = _authority(f"etcd-{cluster_id}")
        write_private(self.folder / "ca.crt", pem(certificate))
        self._write("server", *_signed(certificate, signer, "etcd", [], CENTURY, ["localhost"]))
        self._write("client", *_signed(certificate, signer, "kube-apiserver", [], CENTURY))

    def certificate(self, name: str) -> str:
        """Returns an authority's certificate as PEM.

        Raises:
            KeyError: there is no authority of that name.
        """
        return (self.folder / f"{FILES[name]}.crt").read_text()

    def pair(self, file: str) -> tuple[str, str]:
        """Returns a certificate on disk and its key as PEM."""
        return (self.folder / f"{file}.crt").read_text(), (self.folder / f"{file}.key").read_text()

    def client(self, user: str, groups: list[str], ttl_seconds: int) -> tuple[str, str]:
        """Returns a new client certificate and its key as PEM: CN is the user, each O a group, as Kubernetes
        expects."""
        certificate, key = self._issue("control-plane", user, groups, timedelta(seconds=ttl_seconds))
        return pem(certificate), key_pem(key)

    def _issue(
        self,
        authority: str,
        name: str,
        groups: list[str],
        life: timedelta,
        hosts: list[str] | None = None,
        key: ec.EllipticCurvePrivateKey | None = None,
    ) -> Pair:
        certificate, signer = self.pair(FILES[authority])
        return _signed(_read(certificate), read_key(signer), name, groups, life, hosts, key)

    def _write(self, file: str, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
        write_private(self.folder / f"{file}.crt", pem(certificate))
        write_private(self.folder / f"{file}.key", key_pem(key))


@contextmanager
def _complete(folder: Path) -> Iterator[Path]:
    """Yields a draft of the folder, which replaces the folder if the block succeeds."""
    draft = folder.with_name(f"{folder.name}.draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700, parents=True)
    yield draft
    draft.rename(folder)


def _signed(
    issuer: x509.Certificate,
    signer: ec.EllipticCurvePrivateKey,
    name: str,
    groups: list[str],
    life: timedelta,
    hosts: list[str] | None = None,
    key: ec.EllipticCurvePrivateKey | None = None,
) -> Pair:
    """Makes a client's certificate; with hosts, a server's too. The key is new unless one is given."""
    key = key or new_key()
    subject = x509.Name(
        [
            *(x509.NameAttribute(NameOID.ORGANIZATION_NAME, group) for group in groups),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )
    usages = [ExtendedKeyUsageOID.CLIENT_AUTH] + ([ExtendedKeyUsageOID.SERVER_AUTH] if hosts else [])
    unsigned = (
        builder(subject, issuer.subject, key, signer, life)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(key_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
    )
    if hosts:
        subjects = [x509.DNSName(host) for host in hosts]
        loopback = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
        names = x509.SubjectAlternativeName([*subjects, loopback])
        unsigned = unsigned.add_extension(names, critical=False)
    return unsigned.sign(signer, hashes.SHA256()), key


def _authority(name: str) -> Pair:
    """Makes a new authority with a self-signed certificate."""
    key = new_key()
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    certificate = (
        builder(subject, subject, key, key, CENTURY)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(key_usage(signs_certificates=True), critical=True)
        .sign(key, hashes.SHA256())
    )
    return certificate, key


def _read(text: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate(text.encode())


def _says_whose_key_signed_it(certificate: x509.Certificate) -> bool:
    return any(isinstance(extension.value, x509.AuthorityKeyIdentifier) for extension in certificate.extensions)
