"""The settings of TLS: each mistake is one line, before anything is created."""

from typing import Any

import pytest

from components.cert_manager import ACME_SERVERS, CertManagerArgs
from components.ingress import Chart
from configuration.settings import load
from tests.unit.conftest import configure, problems

EMAIL = "alice@example.com"
ADDRESS = "an address such as you@example.com, for the account at Let's Encrypt"


def read(config: dict[str, Any]) -> CertManagerArgs | None:
    configure(config)
    return load().tls


@pytest.mark.parametrize(
    ("config", "line"),
    [
        ({"tls": "yes"}, 'tls is "yes"; allowed: none, self-signed, letsencrypt, letsencrypt-staging'),
        *(({"tls": kind}, f'tls-email is ""; allowed: {ADDRESS}') for kind in ACME_SERVERS),
        ({"tls": "letsencrypt", "tls-email": "alice"}, f'tls-email is "alice"; allowed: {ADDRESS}'),
        ({"tls": "letsencrypt", "tls-email": "a b@c.d"}, f'tls-email is "a b@c.d"; allowed: {ADDRESS}'),
        (
            {"tls": "self-signed", "ingress": {"controller": "none"}},
            'tls is "self-signed"; allowed: none without an ingress controller, which serves the certificates',
        ),
        (
            {"tls": "letsencrypt", "tls-email": EMAIL, "platform": "k3d"},
            'tls is "letsencrypt"; allowed: none, self-signed on k3d, where Let\'s Encrypt cannot look',
        ),
        (
            {"cert-manager": {"timeout-seconds": 0}},
            "cert-manager.timeout-seconds is 0; allowed: a whole number from 1 to 86400",
        ),
        (
            {"tls": "self-signed", "cert-manager": {"chart": ""}},
            'cert-manager.chart is ""; allowed: a chart\'s name, folder or oci:// address',
        ),
        (
            {"cert-manager": {"versoin": "x"}},
            "cert-manager.versoin is not a setting; did you mean exoscale-sks:cert-manager.version?",
        ),
        ({"cert-manager": "on"}, 'cert-manager is "on"; allowed: an object'),
    ],
)
def test_each_mistake_is_one_line(config: dict[str, Any], line: str) -> None:
    assert problems(config) == [f"exoscale-sks:{line}"]


def test_by_default_nothing_is_installed() -> None:
    assert read({}) is None


def test_the_class_is_the_ingress_controllers() -> None:
    args = read({"tls": "letsencrypt", "tls-email": EMAIL, "ingress": {"class": "public"}})

    assert args == CertManagerArgs("letsencrypt", EMAIL, "public")


@pytest.mark.parametrize(
    ("cert_manager", "chart"),
    [
        ({}, None),
        ({"version": "v1.22.0"}, Chart("cert-manager", "https://charts.jetstack.io", "v1.22.0")),
        ({"repository": "https://mirror.test"}, Chart("cert-manager", "https://mirror.test", "v1.21.2")),
        ({"chart": "./charts/cert-manager"}, Chart("./charts/cert-manager")),
    ],
)
def test_chart_repository_and_version_are_overridable(cert_manager: dict[str, Any], chart: Chart | None) -> None:
    args = read({"tls": "self-signed", "cert-manager": {**cert_manager, "timeout-seconds": 60}})

    assert args == CertManagerArgs(chart=chart, timeout_seconds=60)
