"""What `stacks`, `audit` and `reap --dry-run` take when the account holds many stacks: time, and memory at its peak.

    .venv/bin/python -m bench.many_stacks [--stacks 25 --stacks 50 --stacks 100]

The account is simulated and asked over HTTP. Each stack has a cluster, a nodepool of two, an NLB, a volume and a
security group. States come from memory: `pulumi stack export` takes its own time for each, eight side by side. Each
line ends with its ratio to the first: where time is linear in the number of stacks, at most that of the numbers.
"""

import os
import time
import tracemalloc
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from components.teardown.cloud.account import Document, accounts
from components.teardown.cloud.report import Asked
from components.teardown.cloud.stack_ref import StackRef
from components.teardown.cloud.survey import Accounts
from components.teardown.expiry import expiries
from components.teardown.project_audit import of_project
from components.teardown.reap import due
from components.teardown.stacks import lines, rows
from components.teardown.state.recorded import CLUSTER, STACK_ID
from sandbox.api import families
from sandbox.api.catalogue import identity, sks_cluster_versions
from sandbox.api.organization import new_key
from sandbox.api.server import ApiServer
from sandbox.client import SandboxClient, connect
from sandbox.clock import Clock
from sandbox.cloud import Cloud, Rules
from sandbox.store import Store

PROJECT, ZONE = "many", "ch-gva-2"
SMALL = {"id": identity("instance-type", "standard.small")}


class Memory:
    """A backend in memory: the state of each stack is its id and its cluster, which lives for a day."""

    def __init__(self) -> None:
        self.states: dict[str, Document] = {}

    def stacks(self) -> set[str]:
        return {*self.states}

    def export(self, stack: str) -> Document | None:
        return self.states.get(stack)

    def worker(self, stack: str) -> str:
        return ""

    def last_up(self, stack: str) -> datetime | None:
        return datetime.now(UTC) - timedelta(days=2)

    def destroy(self, stack: str) -> None:
        raise NotImplementedError("nothing is destroyed here")

    def restore(self, stack: str, exported: Document) -> None:
        raise NotImplementedError("nothing is restored here")


def add_stack(client: SandboxClient, backend: Memory, number: int) -> None:
    """One more stack, in the account and in the backend."""
    ref = StackRef(PROJECT, f"pr-{number}", f"{number:012x}")
    labels = ref.labels(f"owner-{number % 7}")

    def make(operation: str, **arguments: Any) -> str:
        made = client.wait(getattr(client, operation)(**arguments)["id"])
        return str(made["reference"]["id"])

    group = make("create_security_group", name=ref.name("nodes"), description=ref.describe("Nodes", "owner"))
    cluster = make(
        "create_sks_cluster",
        **{"name": ref.name("cluster"), "version": sks_cluster_versions()[0], "level": "starter", "cni": "calico"},
        addons=[],
        labels={**labels, "ttl": "1d"},
    )
    pool = {"name": "p", "size": 2, "disk_size": 20, "instance_type": SMALL, "security_groups": [{"id": group}]}
    make("create_sks_nodepool", id=cluster, **pool, labels=labels)
    make("create_load_balancer", name=ref.name("ingress"), labels=labels)
    make("create_block_storage_volume", name=ref.name("data"), size=10, labels=labels)
    outputs = {"zone": ZONE, "labels": {"ttl": "1d"}}
    backend.states[ref.stack] = {
        "deployment": {
            "resources": [
                {"type": STACK_ID, "id": ref.id, "outputs": {"stackId": ref.id}},
                {"type": CLUSTER, "id": cluster, "outputs": outputs},
            ]
        }
    }


def commands(zones: Accounts, backend: Memory) -> dict[str, Callable[[], Sequence[object]]]:
    """What each command does between asking for the account and printing."""
    asked = Asked.now(zones, next(iter(zones.values())).organization())

    def stacks() -> list[str]:
        audit = of_project(zones, PROJECT, backend)
        return lines(rows(audit, zones.keys(), asked.when, expiries(audit, backend)), audit, asked)

    return {
        "stacks": stacks,
        "audit": lambda: of_project(zones, PROJECT, backend).text(asked),
        "reap --dry-run": lambda: due(of_project(zones, PROJECT, backend), backend, asked.when),
    }


def measured(act: Callable[[], Sequence[object]]) -> tuple[float, float]:
    """Seconds, and MiB at the peak of a run of its own: counting memory takes time."""
    began = time.perf_counter()
    act()
    seconds = time.perf_counter() - began
    tracemalloc.start()
    act()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return seconds, peak / 2**20


@click.command()
@click.option("--stacks", "counts", type=int, multiple=True, default=(25, 50, 100), show_default=True)
def main(counts: tuple[int, ...]) -> None:
    families.load()
    cloud, backend = Cloud(Store(), Clock(0), rules=Rules(quotas_enforced=False)), Memory()
    first: dict[str, tuple[float, float]] = {}
    with ApiServer(cloud, "unused") as api:
        key, secret = new_key(cloud, "bench")
        os.environ |= {
            "EXOSCALE_API_KEY": key,
            "EXOSCALE_API_SECRET": secret,
            "EXOSCALE_API_ENDPOINT": f"{api.url}/v2",
        }
        client = connect(api.url, key, secret, ZONE, poll_seconds=0.001, backoff_seconds=0.001)
        for count in sorted(counts):
            for number in range(len(backend.states), count):
                add_stack(client, backend, number)
            for name, act in commands(accounts(), backend).items():
                seconds, peak = measured(act)
                before, least = first.setdefault(name, (seconds, peak))
                click.echo(
                    f"{name} of {count} stacks: {seconds:.2f} s, {peak:.1f} MiB; "
                    f"ratios {seconds / before:.2f} and {peak / least:.2f}"
                )


if __name__ == "__main__":
    main()
