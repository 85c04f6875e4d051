"""Etcd holds every Secret of a cluster; nobody but the API server reads or writes there.

The cluster here is one that an older version left behind, whose etcd was open to any web page.
"""

import base64
import http.client
import json
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sandbox import ports
from sandbox.clusters import etcd
from sandbox.clusters.kwok import Kwok
from tests.sandbox.clusters.account import Account
from tests.sandbox.waiting import eventually
from tools import path_of

pytestmark = pytest.mark.engine

# What a browser sends for the script of a page elsewhere, before it lets the script write.
PREFLIGHT = {"Origin": "https://page.example", "Access-Control-Request-Method": "POST"}
REQUESTS = [("GET", "/version"), ("POST", "/v3/kv/range"), ("OPTIONS", "/v3/kv/range")]
PORTS = ["etcd", "etcd-peer"]


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    """A cluster that goes on with the certificates and the data of an older version."""
    account = Account(tmp_path_factory.mktemp("home"))
    shutil.rmtree(account.folder / "pki" / etcd.FOLDER)
    with open_etcd(account.folder / "etcd") as port:
        namespace = {"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": "older", "uid": "from-then"}}
        put(port, "/registry/namespaces/older", json.dumps(namespace))
    try:
        account.start()
        yield account
    finally:
        account.close()


@contextmanager
def open_etcd(data: Path) -> Iterator[int]:
    """Etcd as older versions ran it, and its port."""
    data.mkdir(mode=0o700)
    port = ports.free()
    urls = {name: url.replace("https:", "http:") for name, url in etcd.addresses(port, ports.free()).items()}
    command = [str(path_of("etcd")), "--name=node0", f"--data-dir={data}", "--unsafe-no-fsync"]
    command += [f"--{name}={url}" for name, url in urls.items()]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            eventually(lambda: is_healthy(port))
            yield port
        finally:
            process.kill()


def is_healthy(port: int) -> bool:
    try:
        return ask(port, "GET", "/health").status == 200
    except OSError:
        return False


def put(port: int, key: str, value: str) -> None:
    """By the JSON API that every web page could use."""
    encoded = {name: base64.b64encode(text.encode()).decode() for name, text in (("key", key), ("value", value))}
    assert ask(port, "POST", "/v3/kv/put", body=json.dumps(encoded)).status == 200


def ask(
    port: int, method: str, path: str, context: ssl.SSLContext | None = None, body: str | None = None
) -> http.client.HTTPResponse:
    """The answer to a request, by TLS where there is a context."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    if context:
        connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=10, context=context)
    try:
        connection.request(method, path, body=body, headers=PREFLIGHT)
        answer = connection.getresponse()
        answer.read()
    finally:
        connection.close()
    return answer


def port_of(account: Account, name: str) -> int:
    return Kwok(account.folder, path_of).ports[name]


def client(account: Account, certificate: str = "") -> ssl.SSLContext:
    """One that trusts etcd and shows this certificate from the cluster's folder, or none."""
    pki = account.folder / "pki"
    context = ssl.create_default_context(cafile=str(pki / etcd.FOLDER / "ca.crt"))
    if certificate:
        context.load_cert_chain(pki / f"{certificate}.crt", pki / f"{certificate}.key")
    return context


def test_the_data_of_an_older_version_is_served_on(account: Account) -> None:
    assert account.get("namespace", "older")["metadata"]["uid"] == "from-then"


@pytest.mark.parametrize("port", PORTS)
@pytest.mark.parametrize(("method", "path"), REQUESTS)
def test_a_web_page_gets_no_answer(account: Account, port: str, method: str, path: str) -> None:
    with pytest.raises((http.client.HTTPException, ConnectionError)):
        ask(port_of(account, port), method, path)


@pytest.mark.parametrize("port", PORTS)
@pytest.mark.parametrize(
    ("certificate", "alert"),
    [("", "certificate required"), ("admin", "unknown ca")],
    ids=["nobody in particular", "the cluster's administrator"],
)
def test_who_is_not_the_api_server_is_refused(account: Account, port: str, certificate: str, alert: str) -> None:
    with (
        socket.create_connection(("127.0.0.1", port_of(account, port)), timeout=10) as plain,
        client(account, certificate).wrap_socket(plain, server_hostname="localhost") as encrypted,
        pytest.raises(ssl.SSLError, match=alert),
    ):
        encrypted.recv(1)


@pytest.mark.parametrize(("method", "path"), REQUESTS)
def test_not_even_the_api_servers_certificate_makes_it_speak_http(account: Account, method: str, path: str) -> None:
    with pytest.raises((http.client.HTTPException, OSError)):
        ask(port_of(account, "etcd"), method, path, client(account, f"{etcd.FOLDER}/client"))
