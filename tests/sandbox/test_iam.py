"""IAM roles and API keys, seen by the official client."""

from collections.abc import Callable
from typing import Any

import pytest

from sandbox.client import SandboxClient
from sandbox.cloud import Cloud
from sandbox.faults import Fault
from tests.sandbox.conftest import KEY, SECRET
from tests.sandbox.sks_bench import CCM, NOWHERE, Bench, refused

CSI = "exoscale-container-storage-interface"
DENYING = {
    "default-service-strategy": "deny",
    "services": {"sos": {"type": "rules", "rules": [{"action": "allow", "expression": "operation == 'list-buckets'"}]}},
}
ALLOWING = {"default-service-strategy": "allow", "services": {}}
Settle = Callable[[dict[str, Any]], str]


@pytest.fixture
def role(client: SandboxClient, settle: Settle) -> str:
    """Id of a role that keys can have."""
    return settle(client.create_iam_role(name="program"))


def arguments(policy: dict[str, Any]) -> dict[str, Any]:
    return {key.replace("-", "_"): value for key, value in policy.items()}


def names(rows: list[dict[str, Any]]) -> list[str]:
    return [row["name"] for row in rows]


# --- roles


def test_a_role_says_what_it_was_made_with_and_allows_everything_unless_told_otherwise(
    client: SandboxClient, settle: Settle
) -> None:
    plain = client.get_iam_role(id=settle(client.create_iam_role(name="plain")))
    assert (plain["editable"], plain["policy"], plain["labels"], plain["permissions"]) == (True, ALLOWING, {}, [])
    given = {"name": "given", "description": "d", "labels": {"a": "b"}, "editable": False, "policy": DENYING}
    assert client.get_iam_role(id=settle(client.create_iam_role(**given))).items() >= given.items()


def test_a_role_and_its_policy_are_changed_apart(client: SandboxClient, settle: Settle, role: str) -> None:
    settle(client.update_iam_role(id=role, description="d", permissions=["bypass-governance-retention"]))
    settle(client.update_iam_role_policy(id=role, **arguments(DENYING)))
    found = client.get_iam_role(id=role)
    assert (found["description"], found["policy"]) == ("d", DENYING)
    assert found["permissions"] == ["bypass-governance-retention"]


def test_a_policy_that_is_not_editable_stays(client: SandboxClient, settle: Settle) -> None:
    role = settle(client.create_iam_role(name="fixed", editable=False))
    assert "not editable" in refused(lambda: client.update_iam_role_policy(id=role, **arguments(DENYING)), 403)
    settle(client.update_iam_role(id=role, description="d"))


def test_a_role_that_keys_have_is_not_deleted(client: SandboxClient, settle: Settle, role: str) -> None:
    key = client.create_api_key(name="program", role_id=role)["key"]
    assert "in use by API keys" in refused(lambda: client.delete_iam_role(id=role), 409)
    client.delete_api_key(id=key)
    settle(client.delete_iam_role(id=role))
    refused(lambda: client.get_iam_role(id=role), 404)


def test_that_refusal_can_be_switched_off(cloud: Cloud, client: SandboxClient, settle: Settle, role: str) -> None:
    client.create_api_key(name="program", role_id=role)
    cloud.rules.iam_role_with_keys_refused = False
    settle(client.delete_iam_role(id=role))


def test_a_role_that_could_not_be_made_is_not_there(cloud: Cloud, client: SandboxClient, settle: Settle) -> None:
    cloud.faults.arm(Fault("create-iam-role", "failure"))
    started = client.create_iam_role(name="program")
    with pytest.raises(Exception, match="failure"):
        settle(started)
    refused(lambda: client.get_iam_role(id=started["reference"]["id"]), 404)


def test_the_organisation_allows_everything(client: SandboxClient) -> None:
    assert client.get_iam_organization_policy() == ALLOWING


# --- keys


def test_a_new_key_signs_for_the_same_organisation_until_it_is_deleted(
    client: SandboxClient, connected: Callable[..., SandboxClient], role: str
) -> None:
    made = client.create_api_key(name="program", role_id=role)
    program = connected(made["key"], made["secret"])
    assert program.get_organization() == client.get_organization()
    operation = client.delete_api_key(id=made["key"])
    assert (operation["state"], client.wait(operation["id"])["state"]) == ("success", "success")
    refused(program.get_organization, 403)
    refused(lambda: client.get_api_key(id=made["key"]), 404)


def test_a_key_can_delete_itself(client: SandboxClient, connected: Callable[..., SandboxClient], role: str) -> None:
    made = client.create_api_key(name="program", role_id=role)
    program = connected(made["key"], made["secret"])
    assert program.delete_api_key(id=made["key"])["state"] == "success"
    assert made["key"] not in [key["key"] for key in client.list_api_keys()["api-keys"]]


def test_a_secret_is_told_once(client: SandboxClient, role: str) -> None:
    made = client.create_api_key(name="program", role_id=role)
    assert set(made) == {"name", "key", "role-id", "secret"}
    shown = {"name": "program", "key": made["key"], "role-id": role}
    assert client.get_api_key(id=made["key"]) == shown
    assert client.list_api_keys()["api-keys"][1:] == [shown]
    for answer in (client.get_api_key(id=KEY), client.list_api_keys(), client.list_iam_roles()):
        assert SECRET not in str(answer)
        assert made["secret"] not in str(answer)


def test_every_key_has_a_role_that_is_there(client: SandboxClient) -> None:
    (person,) = client.list_api_keys()["api-keys"]
    owner = client.get_iam_role(id=person["role-id"])
    assert (owner["name"], owner["policy"]) == ("Owner", ALLOWING)
    assert client.list_iam_roles()["iam-roles"] == [owner]
    assert "in use by API keys" in refused(lambda: client.delete_iam_role(id=owner["id"]), 409)


def test_a_key_needs_a_role_that_is_there(client: SandboxClient) -> None:
    refused(lambda: client.create_api_key(name="program", role_id=NOWHERE), 404)
    assert names(client.list_api_keys()["api-keys"]) == ["sandbox"]


def test_the_keys_and_roles_of_a_clusters_addons_come_and_go_with_it(cloud: Cloud, client: SandboxClient) -> None:
    bench = Bench(cloud, client)
    cluster = bench.cluster(addons=[CCM, CSI])
    expected = [f"sks-ccm-{cluster}", f"sks-csi-{cluster}"]
    keys = client.list_api_keys()["api-keys"][1:]
    roles = {role["id"]: role for role in client.list_iam_roles()["iam-roles"]}
    assert names(keys) == expected
    assert [roles[key["role-id"]]["name"] for key in keys] == expected
    bench.done(client.rotate_sks_ccm_credentials(id=cluster))
    assert sorted(names(client.list_iam_roles()["iam-roles"])) == ["Owner", *expected]
    bench.done(client.delete_sks_cluster(id=cluster))
    assert names(client.list_api_keys()["api-keys"]) == ["sandbox"]
    assert names(client.list_iam_roles()["iam-roles"]) == ["Owner"]


def test_a_clusters_key_that_was_deleted_by_hand_comes_back_with_a_rotation(
    cloud: Cloud, client: SandboxClient
) -> None:
    bench = Bench(cloud, client)
    cluster = bench.cluster()
    (key,) = client.list_api_keys()["api-keys"][1:]
    client.delete_api_key(id=key["key"])
    bench.done(client.rotate_sks_ccm_credentials(id=cluster))
    (again,) = client.list_api_keys()["api-keys"][1:]
    assert again["name"] == key["name"]
    assert again["key"] != key["key"]
