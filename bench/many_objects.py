"""How much more the simulated cloud takes for a create, and for each object of a list, when it holds many of a kind.

    .venv/bin/python -m bench.many_objects [--few 100] [--many 5000] [--rounds 7]

The official client asks over HTTP. Each kind's line ends with the two ratios, many to few; both should stay below 2.
"""

import statistics
import time
import uuid
from collections.abc import Callable
from ipaddress import IPv4Address
from typing import Any

import click

from sandbox.api import families
from sandbox.api.catalogue import sks_cluster_versions
from sandbox.api.organization import new_key
from sandbox.api.server import ApiServer
from sandbox.client import SandboxClient, connect
from sandbox.clock import Clock
from sandbox.cloud import Cloud, Rules
from sandbox.store import Document, Store

ZONE = "ch-gva-2"
CLUSTER = {"version": sks_cluster_versions()[0], "level": "starter", "cni": "calico", "addons": []}
# By kind: the client's name for one and for the list, and what a create needs beside a name.
KINDS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "security-group": ("security_group", "security_groups", {}),
    "anti-affinity-group": ("anti_affinity_group", "anti_affinity_groups", {}),
    "load-balancer": ("load_balancer", "load_balancers", {}),
    "block-storage": ("block_storage_volume", "block_storage_volumes", {"size": 10}),
    "sks-cluster": ("sks_cluster", "sks_clusters", CLUSTER),
}


def seconds(act: Callable[[], Any], rounds: int) -> float:
    """The median of how long it takes."""
    taken = []
    for _ in range(rounds):
        began = time.perf_counter()
        act()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def fill(cloud: Cloud, kind: str, count: int) -> None:
    """Multiplies the newest object of a kind, under names and addresses of their own."""
    newest = cloud.store.list(kind)[-1]
    for number in range(cloud.store.count(kind), count):
        more: Document = {**newest, "id": str(uuid.uuid4()), "name": f"filled-{number}"}
        if "ip" in more:
            more["ip"] = str(IPv4Address("198.19.0.1") + number)
        cloud.store.put(kind, more)


def measured(cloud: Cloud, client: SandboxClient, kind: str, count: int, rounds: int) -> tuple[float, float]:
    """Seconds of a create, and of a list per object, with so many there."""
    one, all_of_them, arguments = KINDS[kind]
    create, everything = getattr(client, f"create_{one}"), getattr(client, f"list_{all_of_them}")
    create(name=str(uuid.uuid4()), **arguments)
    fill(cloud, kind, count)
    made = seconds(lambda: create(name=str(uuid.uuid4()), **arguments), rounds)
    return made, seconds(everything, rounds) / count


@click.command()
@click.option("--few", default=100, show_default=True)
@click.option("--many", default=5000, show_default=True)
@click.option("--rounds", default=7, show_default=True)
def main(few: int, many: int, rounds: int) -> None:
    families.load()
    for kind in KINDS:
        cloud = Cloud(Store(), Clock(0), rules=Rules(quotas_enforced=False))
        with ApiServer(cloud, "unused") as api:
            client = connect(api.url, *new_key(cloud, "bench"), ZONE)
            made, listed = zip(*(measured(cloud, client, kind, count, rounds) for count in (few, many)), strict=True)
        click.echo(
            f"{kind}: a create {1000 * made[0]:.1f} ms among {few}, {1000 * made[1]:.1f} ms among {many};"
            f" a list {1000 * listed[0]:.2f} and {1000 * listed[1]:.2f} ms per object;"
            f" ratios {made[1] / made[0]:.2f} and {listed[1] / listed[0]:.2f}"
        )


if __name__ == "__main__":
    main()
