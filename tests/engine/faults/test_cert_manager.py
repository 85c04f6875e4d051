"""A destroy goes through although cert-manager's webhook is gone, or the controller that has to finish a challenge."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.engine.faults.subject import Subject
from tests.engine.faults.users import TRIES, Users

pytestmark = [pytest.mark.engine, pytest.mark.slow]

AssertGone = Callable[..., None]
WEBHOOK = "cert-manager-webhook"
SERVICE = {"service": {"namespace": "cert-manager", "name": WEBHOOK, "path": "/validate"}}
URL = {"url": "https://127.0.0.1:1/"}  # nothing in the cluster says whether anybody answers there
CERTIFICATE = {
    "apiVersion": "cert-manager.io/v1",
    "kind": "Certificate",
    "metadata": {"name": "probe", "namespace": "default"},
    "spec": {"secretName": "probe", "dnsNames": ["probe.test"], "issuerRef": {"name": "nobody"}},
}


@pytest.fixture
def padlock(make_subject: Callable[..., Subject], charts: Callable[[str], Path]) -> Subject:
    """A stack with cert-manager, up."""
    made = make_subject(tls="self-signed", cert_manager={"chart": str(charts("cert-manager"))})
    made.up()
    return made


def lock(users: Users, client: dict[str, Any]) -> None:
    """Installs the webhook of the official chart, which nobody answers, and returns when it is in force."""
    rules = {"apiGroups": ["cert-manager.io", "acme.cert-manager.io"], "apiVersions": ["v1"], "resources": ["*/*"]}
    webhook = {
        "name": "webhook.cert-manager.io",
        "rules": [{**rules, "operations": ["CREATE", "UPDATE"]}],
        "clientConfig": client,
        "failurePolicy": "Fail",
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
        "timeoutSeconds": 1,
    }
    metadata = {"name": WEBHOOK}
    users.apply(
        yaml.safe_dump(
            {
                "apiVersion": "admissionregistration.k8s.io/v1",
                "kind": "ValidatingWebhookConfiguration",
                "metadata": metadata,
                "webhooks": [webhook],
            }
        )
    )
    for _ in range(TRIES):
        if "failed calling webhook" in refusal(users):
            return
    raise AssertionError("the cluster does not refuse it")


def refusal(users: Users) -> str:
    """What the cluster says against a new Certificate; empty where nothing."""
    try:
        users.kubectl("create", "--dry-run=server", "-f", "-", stdin=yaml.safe_dump(CERTIFICATE))
    except AssertionError as refused:
        return str(refused)
    return ""


@pytest.mark.parametrize("client", [SERVICE, URL], ids=["in the cluster", "outside"])
def test_a_webhook_that_is_gone_holds_no_destroy(
    padlock: Subject, client: dict[str, Any], assert_gone: AssertGone
) -> None:
    lock(padlock.users(), client)
    padlock.destroy()
    assert_gone(padlock)


@pytest.mark.parametrize("finalizer", ["acme.cert-manager.io/finalizer", "finalizer.acme.cert-manager.io"])
def test_a_challenge_whose_controller_is_gone_is_let_go_by_name(
    padlock: Subject, finalizer: str, assert_gone: AssertGone
) -> None:
    users = padlock.users()
    users.kubectl("delete", "deployment", "cert-manager", "-n", "cert-manager", "--wait")
    users.kubectl("wait", "pods", "-n", "cert-manager", "-l", "app.kubernetes.io/name=cert-manager", "--for=delete")
    challenge = {
        "apiVersion": "acme.cert-manager.io/v1",
        "kind": "Challenge",
        "metadata": {"name": "stuck", "namespace": "default", "finalizers": [finalizer]},
        "spec": {},
    }
    users.apply(yaml.safe_dump(challenge))
    assert "let Challenge default/stuck go" in padlock.destroy().stdout
    assert_gone(padlock)


def test_an_api_server_that_is_gone_for_good_holds_neither_issuer_nor_release(
    padlock: Subject, assert_gone: AssertGone
) -> None:
    padlock.kill("api-server")
    padlock.refuses_to_go()
    padlock.rescue()
    padlock.destroy()
    assert_gone(padlock)
