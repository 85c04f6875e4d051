"""What is done for one object costs the same however many others there are; `bench/many_objects.py` measures it."""

from collections.abc import Callable
from typing import Any

import pytest

from sandbox.client import SandboxClient
from sandbox.cloud import Cloud
from sandbox.operations import KEPT_SECONDS
from sandbox.store import Store
from tests.sandbox.instance_pool_bench import TEMPLATE
from tests.sandbox.organization_bench import PUBLIC_KEY
from tests.sandbox.sks_bench import SMALL, Bench


def lived(bench: Bench) -> None:
    """An instance from its beginning to its end, with a volume."""
    client, body = bench.client, {"disk_size": 10, "instance_type": SMALL, "template": TEMPLATE}
    group = bench.done(client.create_anti_affinity_group(name="apart"))
    instance = bench.done(client.create_instance(**body, anti_affinity_groups=[{"id": group}]))
    volume = bench.done(client.create_block_storage_volume(name="data"))
    bench.done(client.attach_block_storage_volume_to_instance(id=volume, instance={"id": instance}))
    bench.done(client.stop_instance(id=instance))
    bench.done(client.update_instance(id=instance, public_ip_assignment="dual"))
    bench.done(client.delete_instance(id=instance))


def named(bench: Bench) -> None:
    """A record from its beginning to its end, with its domain."""
    client = bench.client
    domain = bench.done(client.create_dns_domain(unicode_name="example.org"))
    bench.done(client.create_dns_domain_record(domain_id=domain, name="www", type="A", content="192.0.2.1"))
    bench.done(client.delete_dns_domain(id=domain))


# What one object costs: made, changed, shown, deleted, and what is looked up for it.
ONE_OBJECT: dict[str, Callable[[Bench], Any]] = {
    "security group": lambda bench: bench.client.create_security_group(name="new"),
    "anti-affinity group": lambda bench: bench.client.create_anti_affinity_group(name="new"),
    "load balancer": lambda bench: bench.client.create_load_balancer(name="new"),
    "volume": lambda bench: bench.client.create_block_storage_volume(name="new", size=10),
    "elastic IP": lambda bench: bench.client.create_elastic_ip(description="new"),
    "private network": lambda bench: bench.client.create_private_network(name="new"),
    "DNS domain with a record": lambda bench: named(bench),
    "SSH key": lambda bench: bench.client.register_ssh_key(name="new", public_key=PUBLIC_KEY),
    "instance": lambda bench: lived(bench),
    "cluster": lambda bench: bench.cluster(),
    "nodepool": lambda bench: bench.nodepool(bench.cluster()),
    "service of a load balancer, and its health checks": lambda bench: bench.service(
        bench.balancer(), bench.nodepool(bench.cluster())["instance-pool"]["id"]
    ),
}


@pytest.mark.parametrize("act", [pytest.param(act, id=name) for name, act in ONE_OBJECT.items()])
def test_nothing_that_is_done_for_one_object_looks_at_all_of_them(
    cloud: Cloud, client: SandboxClient, monkeypatch: pytest.MonkeyPatch, act: Callable[[Bench], Any]
) -> None:
    listed: list[str] = []
    read = Store.list
    monkeypatch.setattr(Store, "list", lambda store, kind, zone=None: (listed.append(kind), read(store, kind, zone))[1])
    act(Bench(cloud, client))
    assert listed == []


@pytest.mark.parametrize("ends", ["later", "with its call"])
def test_an_operation_that_ended_is_forgotten_after_an_hour(
    cloud: Cloud, client: SandboxClient, monkeypatch: pytest.MonkeyPatch, ends: str
) -> None:
    client.wait(client.create_anti_affinity_group(name="apart")["id"])
    started = client.register_ssh_key(name="mine", public_key=PUBLIC_KEY)
    if ends == "later":
        started = client.wait(client.create_security_group(name="web")["id"])
    now = cloud.clock.now()
    monkeypatch.setattr(cloud.clock, "now", lambda: now + KEPT_SECONDS - 60)
    with cloud.lock:
        cloud.operations.tick()
    assert cloud.store.get("operation", started["id"])
    monkeypatch.setattr(cloud.clock, "now", lambda: now + KEPT_SECONDS + 60)
    with cloud.lock:
        cloud.operations.tick()
    assert cloud.store.get("operation", started["id"]) is None
    assert cloud.store.count("anti-affinity-group") == 1
