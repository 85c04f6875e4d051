"""The exec credential plugin: a certificate for minutes, for whoever may mint one now."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from click.testing import CliRunner

from components.cli import main
from components.teardown import credential
from components.teardown.cloud.account import AnotherOrganization, Organization
from tests.teardown.paper import ACME, PaperAccount

ARGUMENTS = ["credential", "--zone", "ch-gva-2", "--cluster", "c", "--stack", "dev", "--organization", ACME.id]


@pytest.fixture
def connected(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """To whom it connected."""
    asked: list[tuple[Any, ...]] = []

    def connect(*arguments: Any) -> PaperAccount:
        asked.append(arguments)
        return PaperAccount()

    user = {f"client-{half}-data": base64.b64encode(half.encode()).decode() for half in ("certificate", "key")}
    monkeypatch.setattr(credential, "connect", connect)
    monkeypatch.setattr(credential, "kubeconfig", lambda account, cluster: {"users": [{"user": user}]})
    return asked


@pytest.mark.parametrize("version", ["client.authentication.k8s.io/v1beta1", "client.authentication.k8s.io/v1"])
def test_it_prints_a_certificate_of_a_quarter_of_an_hour_in_the_callers_version(
    connected: list[tuple[Any, ...]], monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    monkeypatch.setenv("KUBERNETES_EXEC_INFO", json.dumps({"apiVersion": version}))

    printed = json.loads(CliRunner().invoke(main, ARGUMENTS).stdout)

    status = printed["status"]
    assert (printed["kind"], printed["apiVersion"]) == ("ExecCredential", version)
    assert (status["clientCertificateData"], status["clientKeyData"]) == ("certificate", "key")
    left = datetime.fromisoformat(status["expirationTimestamp"]) - datetime.now(UTC)
    assert timedelta(minutes=14) < left < timedelta(minutes=15)
    assert connected == [("ch-gva-2", "dev", Organization(ACME.id))]


def test_with_a_key_of_another_organisation_it_says_so_and_prints_nothing_that_a_client_could_take(
    connected: list[tuple[Any, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def another(*_: Any) -> None:
        raise AnotherOrganization("stack dev lives in organisation acme")

    monkeypatch.setattr(credential, "connect", another)

    done = CliRunner().invoke(main, ARGUMENTS)

    assert (done.exit_code, done.stdout, done.stderr) == (1, "", "error: stack dev lives in organisation acme\n")
