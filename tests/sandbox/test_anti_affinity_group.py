"""Anti-affinity groups, through the official client."""

from collections.abc import Callable
from typing import Any

import pytest
from exoscale.api.exceptions import ExoscaleAPIClientException

from sandbox.client import SandboxClient
from sandbox.cloud import Cloud

Settle = Callable[[dict[str, Any]], str]
INSTANCE = "2f9ec3b2-0a1e-4b0c-9d9a-0d9d2c1b7e11"


@pytest.fixture
def group(client: SandboxClient, settle: Settle) -> str:
    return settle(client.create_anti_affinity_group(name="apart", description="of a test"))


def test_a_group_is_listed_and_read(client: SandboxClient, group: str) -> None:
    shown = {"id": group, "name": "apart", "description": "of a test"}
    assert client.list_anti_affinity_groups() == {"anti-affinity-groups": [shown]}
    assert client.get_anti_affinity_group(id=group) == shown


def test_a_group_is_seen_from_every_zone(group: str, connected: Callable[..., SandboxClient]) -> None:
    assert connected(zone="at-vie-1").get_anti_affinity_group(id=group)["id"] == group


def test_a_group_shows_its_instances(client: SandboxClient, group: str, cloud: Cloud) -> None:
    cloud.store.put("instance", {"id": INSTANCE, "anti-affinity-groups": [{"id": group}]})
    assert client.get_anti_affinity_group(id=group)["instances"] == [{"id": INSTANCE}]


def test_a_taken_name_is_refused_by_assumption(client: SandboxClient, group: str, cloud: Cloud) -> None:
    with pytest.raises(ExoscaleAPIClientException, match=r"409.*already in use"):
        client.create_anti_affinity_group(name="apart")
    cloud.rules.anti_affinity_group_names_unique = False
    client.create_anti_affinity_group(name="apart")


def test_a_deleted_group_is_gone(client: SandboxClient, group: str, settle: Settle) -> None:
    assert settle(client.delete_anti_affinity_group(id=group)) == group
    with pytest.raises(ExoscaleAPIClientException, match=r"404"):
        client.get_anti_affinity_group(id=group)


def test_a_group_with_instances_cannot_be_deleted_by_assumption(
    client: SandboxClient, group: str, cloud: Cloud, settle: Settle
) -> None:
    cloud.store.put("instance", {"id": INSTANCE, "anti-affinity-groups": [{"id": group}]})
    with pytest.raises(ExoscaleAPIClientException, match=r"409.*in use by virtual machines"):
        client.delete_anti_affinity_group(id=group)
    cloud.rules.anti_affinity_group_in_use_refused = False
    settle(client.delete_anti_affinity_group(id=group))
