"""TLS in one stack through its life: each test is a step, in order, on one sandbox."""

import base64
import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from cryptography import x509
from pulumi import automation

from runner.stack import SandboxStack
from sandbox.sandbox import Sandbox
from tests.engine.conftest import Kubectl
from tests.sandbox.waiting import until

pytestmark = [pytest.mark.engine, pytest.mark.slow]

HOST = "app.example.test"
WAIT = ("wait", "-n", "default", "--timeout=60s")


@pytest.fixture(scope="module")
def stack(make_stack: Callable[..., SandboxStack], charts: Callable[[str], Path]) -> SandboxStack:
    """A stack that installs cert-manager; steps change its `config`."""
    return make_stack(
        "padlock",
        config={
            "exoscale-sks:ingress": {"chart": str(charts("nginx-ingress"))},
            "exoscale-sks:demo": True,
            "exoscale-sks:tls": "self-signed",
            "exoscale-sks:cert-manager": {"chart": str(charts("cert-manager"))},
        },
    )


@pytest.fixture(scope="module")
def outputs(stack: SandboxStack) -> automation.OutputMap:
    return stack.up().outputs


@pytest.fixture
def kube(outputs: automation.OutputMap, kubectl: Callable[[str], Kubectl]) -> Kubectl:
    return kubectl(outputs["kubeconfig"].value)


def ingress(issuer: str) -> str:
    spec: dict[str, Any] = {
        "ingressClassName": "nginx",
        "tls": [{"hosts": [HOST], "secretName": "app-tls"}],
        "rules": [{"host": HOST}],
    }
    metadata = {"name": "app", "annotations": {"cert-manager.io/cluster-issuer": issuer}}
    return yaml.safe_dump({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": metadata, "spec": spec})


def test_the_demo_is_served_under_its_name_with_a_certificate_for_it(
    outputs: automation.OutputMap, kube: Kubectl, sandbox: Sandbox
) -> None:
    url = urlsplit(outputs["demo_url"].value)
    assert url.scheme == "https"
    assert url.hostname
    kube(*WAIT, "--for=create", "certificate/demo-tls")
    kube(*WAIT, "--for=condition=Ready", "certificate/demo-tls")
    data = kube.json("get", "secret", "demo-tls", "-n", "default")["data"]
    trusting = ssl.create_default_context(cadata=base64.b64decode(data["ca.crt"]).decode())
    [port] = [one["local-port"] for one in sandbox.cloud.traffic.addresses() if one["port"] == 443]

    def answer() -> str:
        try:
            with (
                socket.create_connection(("127.0.0.1", port), timeout=10) as plain,
                trusting.wrap_socket(plain, server_hostname=url.hostname) as secured,
            ):
                secured.sendall(f"GET {url.path} HTTP/1.0\r\nHost: {url.hostname}\r\n\r\n".encode())
                return secured.recv(100).decode()
        except ssl.SSLError:  # the listener has not seen the Secret yet
            return ""

    until(lambda: " 200 " in answer(), "the demo does not answer over HTTPS")


def test_an_ingress_that_names_the_issuer_gets_a_certificate_for_its_host(kube: Kubectl) -> None:
    kube("apply", "-f", "-", stdin=ingress("self-signed"))
    kube(*WAIT, "--for=create", "certificate/app-tls")
    kube(*WAIT, "--for=condition=Ready", "certificate/app-tls")

    secret = kube.json("get", "secret", "app-tls", "-n", "default")
    signed = x509.load_pem_x509_certificate(base64.b64decode(secret["data"]["tls.crt"]))
    names = signed.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == [HOST]


def test_an_up_without_a_change_does_nothing(stack: SandboxStack, kube: Kubectl) -> None:
    assert stack.up().summary.resource_changes.keys() == {"same"}


def test_no_secret_of_it_is_in_the_state(stack: SandboxStack, kube: Kubectl) -> None:
    key = kube.json("get", "secret", "app-tls", "-n", "default")["data"]["tls.key"]

    assert key not in str(stack.export())


def test_it_goes_and_comes_back_and_takes_over_the_certificates_that_stayed(stack: SandboxStack, kube: Kubectl) -> None:
    before = kube("get", "certificate", "app-tls", "-n", "default", "-o", "jsonpath={.metadata.uid}")
    stack.config["exoscale-sks:tls"] = "none"
    stack.up()
    assert "cert-manager" not in kube("get", "deployments", "--all-namespaces")
    assert kube.json("get", "clusterissuers")["items"] == []
    stack.config |= {"exoscale-sks:tls": "letsencrypt", "exoscale-sks:tls-email": "alice@example.com"}
    stack.up()

    assert kube("get", "certificate", "app-tls", "-n", "default", "-o", "jsonpath={.metadata.uid}") == before


def test_another_issuer_takes_the_place_of_the_one_before(stack: SandboxStack, kube: Kubectl) -> None:
    (issuer,) = kube.json("get", "clusterissuers")["items"]
    assert issuer["metadata"]["name"] == "letsencrypt"
    assert issuer["spec"]["acme"]["email"] == "alice@example.com"
    kube("apply", "-f", "-", stdin=ingress("letsencrypt"))
    kube(*WAIT, "--for=condition=Ready=false", "certificate/app-tls")


def test_it_goes_without_a_trace(stack: SandboxStack, cloud: Callable[[], dict[str, int]]) -> None:
    stack.destroy()
    assert cloud() == {}
