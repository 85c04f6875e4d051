"""Webhooks and policies of users that lock the cluster: the commonest way to a destroy that never ends."""

from collections.abc import Callable
from typing import Any

import pytest
import yaml

from sandbox.faults import Fault
from tests.engine.faults.calls import Calls
from tests.engine.faults.subject import Subject
from tests.engine.faults.users import TRIES, Users

pytestmark = pytest.mark.engine

AssertGone = Callable[..., None]
EVERYTHING = {"apiGroups": ["*"], "apiVersions": ["*"], "operations": ["*"], "resources": ["*/*"], "scope": "*"}
IN_SHOP = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "shop"}}}
ONLY_THEIRS = {"rules": [{**EVERYTHING, "scope": "Namespaced"}], **IN_SHOP}
POLICY = "policy"  # name of the configuration, and of the namespace that its Service is in


def lock(users: Users, client: dict[str, Any], kind: str, **more: Any) -> None:
    """Installs a webhook with failure policy Fail, and returns when it locks the cluster."""
    webhook = {
        "name": "policy.example.com",
        "rules": [EVERYTHING],
        "clientConfig": client,
        "failurePolicy": "Fail",
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
        "timeoutSeconds": 1,
        **more,
    }
    users.apply(
        yaml.safe_dump(
            {
                "apiVersion": "admissionregistration.k8s.io/v1",
                "kind": kind,
                "metadata": {"name": POLICY},
                "webhooks": [webhook],
            }
        )
    )
    await_refusal(users, "failed calling webhook")


def await_refusal(users: Users, said: str) -> None:
    """Returns when the cluster refuses to delete the Service shop/front."""
    for _ in range(TRIES):
        if said in refusal(users):
            return
    raise AssertionError("the cluster does not refuse it")


def refusal(users: Users) -> str:
    """What the cluster says against deleting the Service shop/front; empty where nothing."""
    try:
        users.kubectl("delete", "service", "front", "-n", "shop", "--dry-run=server")
    except AssertionError as refused:
        return str(refused)
    return ""


def failure_policy(users: Users, kind: str) -> str:
    (webhook,) = users.kubectl.json("get", kind, POLICY)["webhooks"]
    found: str = webhook["failurePolicy"]
    return found


@pytest.fixture
def users(subject: Subject) -> Users:
    """Users with a load balancer in a namespace of their own."""
    made = subject.users()
    made.namespace("shop")
    made.expose("front", "shop")
    return made


@pytest.mark.parametrize("kind", ["ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"])
def test_a_cluster_locked_by_a_policy_engine_that_was_removed_goes_with_all_that_costs_money(
    subject: Subject, users: Users, assert_gone: AssertGone, kind: str
) -> None:
    lock(users, {"service": {"namespace": POLICY, "name": POLICY, "path": "/"}}, kind)
    printed = subject.destroy().stdout
    assert f"set {kind} {POLICY} aside: Service {POLICY}/{POLICY} of its webhooks has no ready endpoint" in printed
    assert_gone(subject)


def test_an_up_after_a_destroy_that_was_given_up_gives_a_webhook_back_whose_engine_crashed(
    subject: Subject, users: Users, calls: Calls, assert_gone: AssertGone
) -> None:
    kind = "ValidatingWebhookConfiguration"
    users.namespace(POLICY)
    users.kubectl("create", "service", "clusterip", POLICY, "-n", POLICY, "--tcp=443")  # no pod is behind it
    lock(users, {"service": {"namespace": POLICY, "name": POLICY}}, kind, **ONLY_THEIRS)
    calls.arm(Fault("delete-sks-nodepool", "status", status=403))
    subject.refuses_to_go()
    assert failure_policy(users, kind) == "Ignore"
    subject.up()
    assert failure_policy(users, kind) == "Fail"
    subject.destroy()
    assert_gone(subject)


def test_what_a_webhook_outside_the_cluster_refuses_to_let_go_goes_through_the_cloud(
    subject: Subject, users: Users, assert_gone: AssertGone
) -> None:
    """Nothing in the cluster says whether anybody answers there, so it stays in force."""
    lock(users, {"url": "https://127.0.0.1:1/"}, "ValidatingWebhookConfiguration", **ONLY_THEIRS)
    printed = subject.destroy().stdout
    assert 'leaving Service shop/front, whose NLB is gone: Internal error occurred: failed calling webhook "' in printed
    assert_gone(subject)


def test_what_a_policy_of_the_users_refuses_to_let_go_goes_through_the_cloud(
    subject: Subject, users: Users, assert_gone: AssertGone
) -> None:
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["DELETE"], "resources": ["services"]}
    constraints = {"resourceRules": [rule], **IN_SHOP}
    validation = {"expression": "false", "message": "nobody deletes these"}
    api = "admissionregistration.k8s.io/v1"
    for spec in (
        {"kind": "ValidatingAdmissionPolicy", "spec": {"matchConstraints": constraints, "validations": [validation]}},
        {"kind": "ValidatingAdmissionPolicyBinding", "spec": {"policyName": POLICY, "validationActions": ["Deny"]}},
    ):
        users.apply(yaml.safe_dump({"apiVersion": api, "metadata": {"name": POLICY}, **spec}))
    await_refusal(users, "nobody deletes these")
    printed = subject.destroy().stdout
    assert "leaving Service shop/front, whose NLB is gone: " in printed
    assert_gone(subject)
