"""Whether the load balancers that the cloud controller manager loses depend on the sandbox's pace.

    .venv/bin/python -m bench.leaks_by_pace [--pace fast --pace realistic] [--seed 1] [--seeds 3] [--users 8]

Users make, change and delete Services of type LoadBalancer in one cluster, each with waits and choices of the seed, the
waits at the sandbox's pace too. In the end all Services are deleted, and what load balancers the cloud still holds is
counted. Each pace's line ends with its leaks as a ratio of the last pace's.
"""

import random
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import click

from sandbox.api.catalogue import identity, sks_cluster_versions
from sandbox.cli import Pace
from sandbox.client import SandboxClient, connect
from sandbox.clock import PACES
from sandbox.controllers.cluster import Access, Cluster, Refused
from sandbox.controllers.objects import SERVICES
from sandbox.sandbox import Sandbox

ZONE = "ch-gva-2"
SERVICES_HERE = "/api/v1/namespaces/default/services"
ACTIONS = 8  # of each user
LONGEST_WAIT_SECONDS = 20.0


def brought_up(sandbox: Sandbox, client: SandboxClient) -> Cluster:
    """A cluster with one node and the CCM."""
    made = client.wait(
        client.create_sks_cluster(
            name="churn",
            version=sks_cluster_versions()[0],
            level="starter",
            cni="calico",
            addons=["exoscale-cloud-controller"],
        )["id"]
    )
    id_ = made["reference"]["id"]
    pool = {
        "name": "pool",
        "size": 1,
        "disk_size": 20,
        "instance_type": {"id": identity("instance-type", "standard.small")},
    }
    client.wait(client.create_sks_nodepool(id=id_, **pool)["id"])
    planes = sandbox.control_planes
    cluster = Cluster(Access(planes.port(id_), planes.admin_kubeconfig(id_).parent / "pki"))
    while not any(node["spec"].get("providerID") for node in cluster.list("/api/v1/nodes")["items"]):
        time.sleep(0.1)
    return cluster


def use(cluster: Cluster, name: str, draw: random.Random, pace: float) -> None:
    """One user's actions on one Service."""
    exists = False
    for _ in range(ACTIONS):
        time.sleep(draw.uniform(0, LONGEST_WAIT_SECONDS) * pace)
        action, port = draw.choice(("change", "change", "delete")), draw.randint(1, 60000)
        ports = [{"name": "web", "port": port}]
        try:
            if not exists:
                spec = {"type": "LoadBalancer", "ports": ports}
                cluster.create(SERVICES_HERE, {"metadata": {"name": name}, "spec": spec})
                exists = True
            elif action == "change":
                cluster.patch(
                    f"{SERVICES_HERE}/{name}", {"spec": {"$patch": "replace", "type": "LoadBalancer", "ports": ports}}
                )
            else:
                cluster.delete(f"{SERVICES_HERE}/{name}")
                exists = False
        except Refused:  # the one before is not gone yet
            exists = False


def leaked(pace: float, seed: int, users: int) -> int:
    """How many load balancers are left when all Services are gone."""
    with tempfile.TemporaryDirectory() as home, Sandbox(Path(home), pace) as sandbox:
        client = connect(sandbox.url, sandbox.key, sandbox.secret, ZONE, poll_seconds=3 * pace)
        cluster = brought_up(sandbox, client)
        names = [f"user-{number}" for number in range(users)]
        with ThreadPoolExecutor(users) as pool:
            list(pool.map(lambda name: use(cluster, name, random.Random(f"{seed}/{name}"), pace), names))

        def balanced() -> list[dict[str, Any]]:
            return [item for item in cluster.list(SERVICES)["items"] if item["spec"].get("type") == "LoadBalancer"]

        for service in balanced():
            cluster.delete(f"{SERVICES_HERE}/{service['metadata']['name']}")
        while balanced():
            time.sleep(0.1)
        return len(client.list_load_balancers()["load-balancers"])


@click.command()
@click.option("--pace", "paces", type=Pace(), multiple=True, default=("fast", "realistic"), show_default=True)
@click.option("--seed", default=1, show_default=True)
@click.option("--seeds", default=3, show_default=True, help="How many seeds, from that one on.")
@click.option("--users", default=8, show_default=True)
def main(paces: tuple[float, ...], seed: int, seeds: int, users: int) -> None:
    names = {value: name for name, value in PACES.items()}
    counts = {pace: [leaked(pace, number, users) for number in range(seed, seed + seeds)] for pace in paces}
    reference = sum(counts[paces[-1]])
    for pace, found in counts.items():
        listed = ", ".join(map(str, found))
        ratio = sum(found) / reference if reference else float("nan")
        click.echo(
            f"pace {names.get(pace, pace)}: {listed} load balancers left, {sum(found)} in all, ratio {ratio:.2f}"
        )


if __name__ == "__main__":
    main()
