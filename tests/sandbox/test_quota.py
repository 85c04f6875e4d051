"""Quotas: what goes beyond one is refused, and leaves nothing behind."""

from collections.abc import Callable
from typing import Any

import pytest

from sandbox.api.catalogue import quotas
from sandbox.api.organization import new_key
from sandbox.client import SandboxClient
from sandbox.cloud import Cloud
from tests.sandbox.instance_pool_bench import Pools
from tests.sandbox.sks_bench import NEWEST, refused


@pytest.fixture
def bench(cloud: Cloud, client: SandboxClient) -> Pools:
    return Pools(cloud, client)


# By quota, how to ask for one more object that it counts.
CREATES: dict[str, Callable[[Pools], Any]] = {
    "block-storage-volume": lambda bench: bench.client.create_block_storage_volume(name="v"),
    "elastic-ip": lambda bench: bench.client.create_elastic_ip(description="e"),
    "instance": lambda bench: bench.new_pool(size=1),
    "network-load-balancer": lambda bench: bench.client.create_load_balancer(name=f"n{bench.cloud.ids.letters(5)}"),
    "private-network": lambda bench: bench.client.create_private_network(name="p"),
    "security-group": lambda bench: bench.client.create_security_group(name=f"g{bench.cloud.ids.letters(5)}"),
    "sks-cluster": lambda bench: bench.client.create_sks_cluster(name="c", level="starter", version=NEWEST),
}


def everything(bench: Pools) -> dict[str, int]:
    return {kind: len(bench.cloud.store.list(kind)) for kind in bench.cloud.store.kinds()}


@pytest.mark.parametrize("name", CREATES)
def test_a_create_beyond_the_quota_is_refused_and_leaves_nothing(bench: Pools, name: str) -> None:
    bench.client.list_security_groups()  # makes the default one
    usage = bench.client.get_quota(entity=name)["usage"]
    bench.cloud.limits[name] = usage + 1
    bench.done(CREATES[name](bench))
    before = everything(bench)
    message = refused(lambda: CREATES[name](bench), 409)
    assert message == f"Quota exceeded for {name}: limit {usage + 1}, used {usage + 1}, requested 1"
    assert everything(bench) == before
    assert bench.client.get_quota(entity=name) == {"resource": name, "usage": usage + 1, "limit": usage + 1}


def test_keys_beyond_the_quota_are_refused_but_never_those_of_a_clusters_addons(bench: Pools) -> None:
    role = bench.done(bench.client.create_iam_role(name="r"))
    bench.cloud.limits["iam-key"] = 1
    assert "Quota exceeded for iam-key" in refused(lambda: bench.client.create_api_key(name="k", role_id=role), 409)
    bench.cluster()


def test_every_quota_that_counts_what_can_be_made_is_asked_for_here() -> None:
    """Templates and instance snapshots cannot be made."""
    assert quotas().keys() - {"template", "snapshot"} == {*CREATES, "iam-key"}


def test_nodes_and_instances_of_ones_own_count_for_the_same_quota(bench: Pools) -> None:
    cluster = bench.cluster()
    nodepool, pool = bench.nodepool(cluster, size=2), bench.pool(size=2)
    bench.cloud.limits["instance"] = 5
    beyond: list[Callable[[], Any]] = [
        lambda: bench.new_nodepool(cluster, size=2),
        lambda: bench.client.scale_sks_nodepool(id=cluster, sks_nodepool_id=nodepool["id"], size=4),
        lambda: bench.new_pool(size=2),
        lambda: bench.client.scale_instance_pool(id=pool["id"], size=4),
    ]
    for ask in beyond:
        assert "limit 5, used 4, requested 2" in refused(ask, 409)
    bench.machine()
    assert "limit 5, used 5, requested 1" in refused(bench.new_machine, 409)
    bench.cloud.limits["instance"] = 6
    assert bench.shown_nodepool(cluster, nodepool["id"])["state"] == "running"
    bench.done(bench.client.scale_sks_nodepool(id=cluster, sks_nodepool_id=nodepool["id"], size=3))


def test_a_limit_below_what_there_is_takes_nothing_away_and_allows_less(bench: Pools) -> None:
    pool = bench.pool(size=3)
    bench.cloud.limits["instance"] = 1
    assert len(bench.instances(pool["id"])) == 3
    bench.done(bench.client.scale_instance_pool(id=pool["id"], size=2))
    refused(lambda: bench.client.scale_instance_pool(id=pool["id"], size=3), 409)


def test_what_is_deleted_makes_room(bench: Pools) -> None:
    bench.cloud.limits["network-load-balancer"] = 1
    first = bench.balancer()
    refused(lambda: bench.client.create_load_balancer(name="second"), 409)
    bench.done(bench.client.delete_load_balancer(id=first))
    bench.balancer("second")


def test_an_organisations_quota_is_not_used_up_by_another(
    cloud: Cloud, connected: Callable[..., SandboxClient]
) -> None:
    cloud.limits["elastic-ip"] = 1
    for client in (connected(), connected(*new_key(cloud, "person", "acme"))):
        client.wait(client.create_elastic_ip(description="e")["id"])
        refused(lambda client=client: client.create_elastic_ip(description="e"), 409)  # type: ignore[misc]


@pytest.mark.parametrize("switch", ["unlimited", "not enforced"])
def test_a_quota_can_be_lifted(bench: Pools, switch: str) -> None:
    bench.cloud.limits["elastic-ip"] = -1 if switch == "unlimited" else 0
    bench.cloud.rules.quotas_enforced = switch == "unlimited"
    bench.done(bench.client.create_elastic_ip(description="e"))
    assert bench.client.get_quota(entity="elastic-ip")["usage"] == 1
