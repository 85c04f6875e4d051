"""Which charts a stack on the sandbox is installed from."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from components.cert_manager import ISSUERS
from runner import charts

NGINX = "https://helm.nginx.com/stable"
JETSTACK = "https://charts.jetstack.io"
INDEX = "/index.yaml"
TRAEFIK = {"controller": "traefik", "chart": "./mine", "gateway-api": True}


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The addresses that can be reached."""
    addresses: set[str] = set()
    monkeypatch.setattr(charts, "reachable", lambda address: address in addresses)
    return addresses


def chosen(config: dict[str, Any], folder: Path) -> tuple[dict[str, Any], list[str]]:
    said: list[str] = []
    return charts.chosen(config, folder, said.append), said


def test_a_chart_that_can_be_reached_is_the_official_one(answering: set[str], tmp_path: Path) -> None:
    answering |= {NGINX + INDEX, JETSTACK + INDEX}

    differing, said = chosen({"tls": "self-signed"}, tmp_path)

    assert differing == {}
    assert said == [
        f"ingress chart: nginx-ingress 2.7.0 from {NGINX}",
        f"cert-manager chart: cert-manager v1.21.2 from {JETSTACK}",
    ]


@pytest.mark.usefixtures("answering")
@pytest.mark.parametrize("issuer", ISSUERS)
def test_each_chart_that_cannot_be_reached_is_our_own_and_other_settings_stay(issuer: str, tmp_path: Path) -> None:
    differing, said = chosen({"tls": issuer, "ingress": {"class": "x"}, "cert-manager": {"version": "v1"}}, tmp_path)

    assert differing == {
        "ingress": {"class": "x", "chart": str(tmp_path / "nginx-ingress")},
        "cert-manager": {"version": "v1", "chart": str(tmp_path / "cert-manager")},
    }
    assert [line.partition(":")[0] for line in said] == ["ingress chart", "cert-manager chart"]


@pytest.mark.usefixtures("answering")
@pytest.mark.parametrize("config", [{"ingress": {"controller": "none"}}, {"ingress": {"chart": "./mine"}}])
def test_what_is_not_installed_or_has_a_chart_of_its_own_is_not_replaced(
    config: dict[str, Any], tmp_path: Path
) -> None:
    assert chosen({**config, "tls": "none"}, tmp_path) == ({}, [])


@pytest.mark.usefixtures("answering")
def test_a_mirror_is_asked_in_place_of_the_official_repository(answering: set[str], tmp_path: Path) -> None:
    answering.add(f"https://mirror.test{INDEX}")

    assert chosen({"ingress": {"repository": "https://mirror.test/"}}, tmp_path)[0] == {}


@pytest.mark.usefixtures("answering")
def test_definitions_of_the_gateway_api_that_cannot_be_reached_are_our_own(tmp_path: Path) -> None:
    differing, said = chosen({"ingress": TRAEFIK}, tmp_path)

    assert differing == {"ingress": {**TRAEFIK, "gateway-api-crds": str(charts.GATEWAY_API)}}
    assert len(said) == 1


@pytest.mark.parametrize("more", [{"gateway-api": False}, {"gateway-api-crds": "mine.yaml"}])
@pytest.mark.usefixtures("answering")
def test_a_stack_without_the_gateway_api_or_with_definitions_of_its_own_gets_none(
    more: dict[str, Any], tmp_path: Path
) -> None:
    assert chosen({"ingress": {**TRAEFIK, **more}}, tmp_path) == ({}, [])


@pytest.mark.parametrize(
    "chart", [file.name for file in sorted(charts.CHARTS.iterdir()) if (file / "Chart.yaml").exists()]
)
def test_every_chart_of_ours_is_whole(chart: str, tmp_path: Path) -> None:
    folder = charts.stand_in(chart, tmp_path)

    assert yaml.safe_load((folder / "Chart.yaml").read_text())["name"] == chart
    assert list((folder / "templates").glob("*.yaml"))
