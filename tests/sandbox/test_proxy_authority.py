"""The authority with which the proxy answers as Exoscale."""

import os
import socket
import ssl
import stat
import threading
from pathlib import Path

import pytest

from sandbox.proxy import Authority
from tests.sandbox.strict import shake_hands, strict

API = "api-ch-gva-2.exoscale.com"


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def test_the_authority_is_made_once_and_its_key_is_its_owners_alone(tmp_path: Path) -> None:
    first = Authority(tmp_path).certificate_file.read_bytes()
    assert Authority(tmp_path).certificate_file.read_bytes() == first
    assert stat.S_IMODE(os.stat(tmp_path / "ca-key.pem").st_mode) == 0o600
    assert b"PRIVATE" not in first


def test_a_hosts_certificate_is_made_once_and_leaves_no_key_behind(authority: Authority, tmp_path: Path) -> None:
    assert authority.context(API) is authority.context(API)
    assert authority.context(API) is not authority.context("api-de-fra-1.exoscale.com")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["ca-key.pem", "ca.pem"]


def test_a_client_as_strict_as_python_3_13_accepts_what_the_authority_signs(authority: Authority) -> None:
    client = shake_hands(authority.context(API), strict(authority.certificate_file), API)
    assert ("DNS", API) in client.getpeercert()["subjectAltName"]


def test_the_authority_vouches_for_exoscales_names_only(authority: Authority) -> None:
    server = authority.context("example.com")

    near, far = socket.socketpair()

    def serve() -> None:
        with far, pytest.raises((ssl.SSLError, ConnectionError)):
            server.wrap_socket(far, server_side=True)

    thread = threading.Thread(target=serve)
    thread.start()
    client = ssl.create_default_context(cafile=str(authority.certificate_file))
    with near, pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree violation"):
        client.wrap_socket(near, server_hostname="example.com")
    thread.join()
