"""A cluster's certificates."""

import base64
import shutil
import ssl
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import NameOID

from sandbox.certificates import pem, read_key
from sandbox.clusters import etcd
from sandbox.clusters.authorities import FILES, Authorities
from sandbox.clusters.kubeconfig import kubeconfig
from tests.sandbox.strict import shake_hands, strict

HOST = "some-id.sks-ch-gva-2.exo.io"


@pytest.fixture
def authorities(tmp_path: Path) -> Authorities:
    """Those of a new cluster."""
    made = Authorities(tmp_path / "pki")
    made.create("some-id", HOST)
    return made


def _certificate(pem: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate(pem.encode())


def test_the_three_authorities_are_distinct(authorities: Authorities) -> None:
    assert len({authorities.certificate(name) for name in ("control-plane", "aggregation", "kubelet")}) == 3


def test_the_api_server_answers_to_its_public_name_and_on_loopback(authorities: Authorities) -> None:
    certificate = _certificate(authorities.pair("admin")[0])
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert {HOST, "localhost"} <= set(names.get_values_for_type(x509.DNSName))
    assert [str(address) for address in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1"]


def test_a_client_certificate_names_user_and_groups_and_lives_as_long_as_asked(authorities: Authorities) -> None:
    before = datetime.now(UTC)
    certificate = _certificate(authorities.client("kubernetes-admin", ["system:masters", "ops"], 3600)[0])

    certificate.verify_directly_issued_by(_certificate(authorities.certificate("control-plane")))
    subject = certificate.subject
    assert [name.value for name in subject.get_attributes_for_oid(NameOID.COMMON_NAME)] == ["kubernetes-admin"]
    groups = [name.value for name in subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)]
    assert groups == ["system:masters", "ops"]
    assert certificate.not_valid_after_utc - certificate.not_valid_before_utc == timedelta(hours=1)
    assert abs(certificate.not_valid_before_utc - before) < timedelta(seconds=5)


@pytest.mark.parametrize("who", ["api-server", "etcd"])
def test_servers_and_clients_as_strict_as_python_3_13_accept_each_other(authorities: Authorities, who: str) -> None:
    pki = authorities.folder
    user = pki / "user"
    certificate, key = authorities.client("kubernetes-admin", ["system:masters"], 60)
    user.with_suffix(".crt").write_text(certificate)
    user.with_suffix(".key").write_text(key)
    served, using = {"api-server": (pki / "admin", user), "etcd": (pki / "etcd" / "server", pki / "etcd" / "client")}[
        who
    ]
    authority = served.with_name("ca.crt")
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(served.with_suffix(".crt"), served.with_suffix(".key"))
    server.load_verify_locations(authority)
    server.verify_mode = ssl.CERT_REQUIRED
    server.verify_flags |= ssl.VERIFY_X509_STRICT
    client = strict(authority)
    client.load_cert_chain(using.with_suffix(".crt"), using.with_suffix(".key"))
    shake_hands(server, client, "localhost")


def test_a_cluster_of_an_older_version_gets_a_certificate_that_python_3_13_accepts_and_keeps_its_key(
    authorities: Authorities,
) -> None:
    certificate, text = authorities.pair("admin")
    new, key = _certificate(certificate), read_key(text)
    old = x509.CertificateBuilder(
        new.issuer, new.subject, key.public_key(), 1, new.not_valid_before_utc, new.not_valid_after_utc
    )
    signed = old.sign(read_key(authorities.pair("ca")[1]), hashes.SHA256())
    (authorities.folder / "admin.crt").write_text(pem(signed))
    authorities.create("some-id", HOST)
    renewed, kept = authorities.pair("admin")
    assert kept == text
    assert [one.oid for one in _certificate(renewed).extensions] == [one.oid for one in new.extensions]
    assert _certificate(renewed).public_key() == new.public_key()
    authorities.create("some-id", HOST)
    assert authorities.pair("admin") == (renewed, kept)


def test_no_two_client_certificates_share_a_serial_number(authorities: Authorities) -> None:
    serials = {_certificate(authorities.client("somebody", [], 60)[0]).serial_number for _ in range(5)}
    assert len(serials) == 5


def test_a_restart_keeps_the_authorities(authorities: Authorities) -> None:
    before = authorities.certificate("control-plane")
    authorities.create("some-id", HOST)
    assert authorities.certificate("control-plane") == before


def test_an_authority_that_a_killed_sandbox_left_half_made_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "pki.draft").mkdir()
    (tmp_path / "pki.draft" / "ca.crt").write_text("half")
    authorities = Authorities(tmp_path / "pki")
    authorities.create("some-id", HOST)
    _certificate(authorities.certificate("control-plane"))


def test_etcds_authority_signed_its_server_and_its_one_client_and_can_sign_no_more(authorities: Authorities) -> None:
    folder = authorities.folder / etcd.FOLDER
    authority = _certificate((folder / "ca.crt").read_text())
    for file in ("server", "client"):
        _certificate((folder / f"{file}.crt").read_text()).verify_directly_issued_by(authority)
    assert authority.subject not in [_certificate(authorities.certificate(name)).subject for name in FILES]
    assert sorted(file.name for file in folder.glob("*.key")) == ["client.key", "server.key"]


def test_every_certificate_and_key_is_readable_by_its_owner_alone(authorities: Authorities) -> None:
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in authorities.folder.rglob("*.*") if file.is_file()}
    assert len(modes) > 10
    assert set(modes.values()) == {0o600}


def test_a_cluster_of_an_older_version_keeps_its_authorities_and_gets_one_for_etcd(authorities: Authorities) -> None:
    shutil.rmtree(authorities.folder / etcd.FOLDER)
    (authorities.folder / "etcd.draft").mkdir()  # nor does a killed sandbox stand in the way
    before = {file.name: file.read_text() for file in authorities.folder.glob("*.*") if file.is_file()}
    authorities.create("some-id", HOST)
    assert {file.name: file.read_text() for file in authorities.folder.glob("*.*") if file.is_file()} == before
    assert (authorities.folder / etcd.FOLDER / "client.crt").exists()


def test_a_kubeconfig_holds_what_the_exoscale_provider_parses(authorities: Authorities) -> None:
    pair = authorities.client("kubernetes-admin", ["system:masters"], 60)
    authority = authorities.certificate("control-plane")
    text = kubeconfig(f"https://{HOST}:443", authority, "some-id", "kubernetes-admin", pair, "http://127.0.0.1:1")
    document = yaml.safe_load(text)

    cluster = document["clusters"][0]["cluster"]
    user = document["users"][0]["user"]
    assert base64.b64decode(cluster["certificate-authority-data"]).decode() == authority
    assert base64.b64decode(user["client-certificate-data"]).decode() == pair[0]
    assert base64.b64decode(user["client-key-data"]).decode() == pair[1]
    assert (cluster["server"], cluster["proxy-url"]) == (f"https://{HOST}:443", "http://127.0.0.1:1")
    assert document["current-context"] == document["contexts"][0]["name"]
