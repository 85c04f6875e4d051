"""What a public client reads without looking whether it is there is in every answer."""

from collections.abc import Callable
from typing import Any

import pytest

from sandbox.client import SandboxClient
from sandbox.cloud import Cloud
from tests.sandbox.instance_pool_bench import Pools

# By kind, the attributes that some client takes for given (docs/exoscale.md, Clients and endpoints).
TAKEN_FOR_GIVEN = {
    "template": ("created-at", "build", "checksum", "description", "maintainer", "size", "zones", "boot-mode"),
    "instance": (
        "name",
        "state",
        "created-at",
        "mac-address",
        "secureboot-enabled",
        "tpm-enabled",
        "instance-type",
        "template",
        "disk-size",
        "labels",
        "public-ip-assignment",
    ),
    "instance-type": ("family", "size", "cpus", "memory"),
    "block-storage-volume": ("labels", "size", "state", "created-at"),
    "security-group": ("name", "visibility"),
    "sks-cluster": (
        "created-at",
        "addons",
        "auto-upgrade",
        "enable-kube-proxy",
        "nodepools",
        "endpoint",
        "level",
        "version",
        "state",
    ),
    "sks-nodepool": (
        "addons",
        "anti-affinity-groups",
        "security-groups",
        "taints",
        "labels",
        "instance-pool",
        "template",
    ),
    "load-balancer": ("created-at", "ip", "services", "state"),
    "anti-affinity-group": ("name",),
    "elastic-ip": ("ip", "addressfamily", "cidr"),
    "dns-domain": ("unicode-name",),
    "iam-role": ("name", "editable", "labels", "permissions", "policy"),
    "instance-pool": ("name", "state", "instance-type", "template", "disk-size", "instance-prefix", "instances"),
    "private-network": ("name", "leases"),
    "quota": ("resource", "usage", "limit"),
}


@pytest.fixture
def shown(cloud: Cloud, client: SandboxClient) -> Callable[[str], list[dict[str, Any]]]:
    """Everything of a kind as the API shows it: as rows of the list, and each by itself."""
    bench = Pools(cloud, client)
    cluster = bench.cluster()
    bench.nodepool(cluster)
    bench.balancer()
    pool = bench.pool()
    range_ = {"start_ip": "10.0.0.1", "end_ip": "10.0.0.9", "netmask": "255.255.255.0"}
    bench.machine()
    bench.stopped(public_ip_assignment="none")
    network = bench.done(client.create_private_network(name="bare", **range_))
    instance = bench.instances(pool["id"])[0]["id"]
    bench.done(client.attach_instance_to_private_network(id=network, instance={"id": instance}))
    bench.done(client.create_elastic_ip(addressfamily="inet4"))
    bench.done(client.create_iam_role(name="bare"))
    bench.done(client.create_dns_domain(unicode_name="example.org"))
    bench.done(client.create_block_storage_volume(name="bare", size=10))
    bench.done(client.create_security_group(name="bare"))
    bench.done(client.create_anti_affinity_group(name="bare"))

    def of(kind: str) -> list[dict[str, Any]]:
        if kind == "sks-nodepool":
            pools = client.get_sks_cluster(id=cluster)["nodepools"]
            return [*pools, *(client.get_sks_nodepool(id=cluster, sks_nodepool_id=pool["id"]) for pool in pools)]
        if kind == "quota":
            return list(client.list_quotas()["quotas"])
        method = kind.replace("-", "_")
        rows = getattr(client, f"list_{method}s")()[f"{kind}s"]
        return [*rows, *(getattr(client, f"get_{method}")(id=row["id"]) for row in rows)]

    return of


@pytest.mark.parametrize("kind", TAKEN_FOR_GIVEN)
def test_what_clients_take_for_given_is_there(shown: Callable[[str], list[dict[str, Any]]], kind: str) -> None:
    found = shown(kind)

    assert found
    assert [(item, key) for item in found for key in TAKEN_FOR_GIVEN[kind] if item.get(key) is None] == []
