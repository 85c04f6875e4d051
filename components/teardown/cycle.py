"""Replaces machines that differ from what their nodepool makes now. The API applies changes only to later machines."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from .audit import refuse_while_worked_on
from .cloud.account import Account, Document, NotFound, accounts
from .cloud.old_machines import made_by, of_machine, types
from .cloud.report import Asked
from .cloud.stack_ref import StackRef
from .cluster import eviction, nodes
from .cluster.api_server import ApiServer, reach
from .errors import TeardownError
from .state.backend import Pulumi, plain_name, project
from .state.recorded import STACK_ID, recorded, resources
from .subject import Say
from .wait import wait_until

_SIZE = "exoscale-sks/size-before-cycle"  # annotation of a node whose replacement is created first
_SETTLED = ("running", "degraded", "error")
_REACH_SECONDS = 30

Agree = Callable[[Sequence[str]], bool]


@click.command(short_help="Replace machines of STACK that differ from what their nodepool makes.")
@click.argument("stack")
@click.option(
    "--patience", type=float, default=600, show_default=True, help="Seconds without progress after which it stops."
)
@click.option("--dry-run", is_flag=True, help="Only show which machines would be replaced.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def cycle(stack: str, patience: float, dry_run: bool, yes: bool) -> None:
    """Replace the machines of STACK whose type, disk, image, labels or taints are not those of their nodepool.

    It replaces them one by one. It makes the new machine first, so until then you pay for one more; it stops new pods
    on the old node, evicts its pods as their disruption budgets allow, and deletes the machine with all that its disk
    and its pods' emptyDir volumes hold. Safe to re-run: after an interruption it goes on.
    """
    folder = Path.cwd()
    backend, name = Pulumi(folder), plain_name(stack, project(folder))
    exported = backend.export(stack)
    if exported is None:
        raise TeardownError(f"there is no stack {stack} in this backend. Next: `pulumi stack ls`")
    state = recorded(exported)
    refuse_while_worked_on(backend, stack, state)
    zones = accounts(name, {zone for _, zone in state.clusters}, state.organization) if state.clusters else {}

    def agree(lines: Sequence[str]) -> bool:
        click.echo("\n".join(lines))
        return not dry_run and bool(lines) and (yes or click.confirm(f"Replace {len(lines)}, one by one?", err=True))

    for cluster_id, zone in state.clusters:
        server = reach(zones[zone], cluster_id, _REACH_SECONDS, click.echo)
        if server is None:
            raise TeardownError(f"there is no cluster {cluster_id} in {zone}. Next: `pulumi up --refresh`")
        Cycle(zones[zone], server, cluster_id, state.ids, sizes(exported), click.echo, patience).run(agree)
    if zones:
        click.echo(f"asked: {Asked.now(zones, state.organization)}")


def sizes(exported: Document) -> dict[str, int]:
    """Returns the sizes in the settings of the last `up`, by nodepool name, without those that others choose."""
    settings = [
        (one.get("outputs") or {}).get("settings") or {} for one in resources(exported) if one["type"] == STACK_ID
    ]
    found = [(name, size) for chosen in settings for name, size in chosen.get("nodepools", {}).items()]
    return {name: int(size) for name, size in found if not isinstance(size, str)}


@dataclass(frozen=True)
class Old:
    """A machine to replace.

    Args:
        id: the instance's id.
        name: name of the instance and its node.
        nodepool: id of its nodepool.
        lacks: what it would have if it were created now.
        node: its node in the cluster; None before it has joined.
    """

    id: str
    name: str
    nodepool: str
    lacks: Sequence[str]
    node: Document | None

    def __str__(self) -> str:
        return f"{self.name}: its nodepool makes machines with {', '.join(self.lacks)}"


@dataclass
class Cycle:
    """Replaces the machines of one cluster, one by one.

    Args:
        account: the account in the cluster's zone.
        server: the cluster's API server.
        cluster_id: the SKS cluster.
        recorded: ids that the stack's state records; any other nodepool is left alone.
        sizes: sizes of pools in the settings, by name, without those that others choose.
        say: called with a line for each step.
        patience: seconds without progress after which it stops.
    """

    account: Account
    server: ApiServer
    cluster_id: str
    recorded: Collection[str]
    sizes: Mapping[str, int]
    say: Say
    patience: float

    def run(self, agree: Agree) -> None:
        """Replaces all machines that are old now.

        Args:
            agree: called with the old machines before anything is changed; returns whether to go on.

        Raises:
            TeardownError: a pod must not be evicted, or the cloud or the cluster makes no progress. The next run
                continues where this one stopped.
        """
        old = self.old()
        if not agree([str(one) for one in old]):
            self.say(
                "nothing was changed" if old else f"cluster {self.cluster_id}: every machine is what its pool makes"
            )
            return
        for pool in self._pools().values():
            self._restore(pool)
        waiting = {one.id for one in old}
        for number, one in enumerate(old, 1):
            self.say(f"{one.name}: {number} of {len(old)}")
            try:
                self._replace(one, waiting)
            except KeyboardInterrupt:
                raise TeardownError(
                    f"interrupted while {one.name} was replaced: it takes no new pods, and its nodepool may have one "
                    "machine more than before. Next: run this again: it goes on"
                ) from None
            waiting.discard(one.id)
        if left := self.old():
            raise TeardownError(f"{left[0]}, and was made meanwhile. Next: run this again")
        self.say(f"cluster {self.cluster_id}: every machine is what its pool makes")

    def old(self) -> list[Old]:
        """Returns the machines that differ from what their pool makes; those whose replacement has begun come first."""
        known = types(self.account)
        joined = nodes.by_machine(self.server)
        found = []
        for pool in self._pools().values():
            for id_ in self._machines(pool):
                node = joined.get(id_)
                instance = self.account.call(self.account.get_instance, id=id_)
                lacks = of_machine(instance, node, known).lacks(made_by(pool, known))
                if lacks:
                    found.append(Old(id_, instance["name"], pool["id"], lacks, node))
        return sorted(found, key=lambda one: (_size_before(one.node) is None, one.name))

    def _replace(self, one: Old, waiting: Collection[str]) -> None:
        pool = self._settled(one.nodepool)
        size = _size_before(one.node)
        size = pool["size"] if size is None else size
        if one.node:
            if bare := eviction.bare(self.server, one.name):
                raise TeardownError(
                    f"nobody would make pod {bare[0]} on {one.name} again. Next: delete it, or give it a Deployment, "
                    "then run this again"
                )
            eviction.cordon(self.server, one.name, {_SIZE: str(size)})
        if pool["size"] <= size:
            try:
                self._scale(pool, size + 1)
            except TeardownError as refused:
                self.say(f"{one.name}: there is no room for the new machine first ({refused}), so it comes after")
        self._await_joined(one.nodepool, waiting)
        if one.node:
            eviction.empty(self.server, one.name, self.patience, self.say)
        self.say(f"{one.name}: deleting the machine")
        pool = self._settled(one.nodepool)
        try:
            self._finish("evict_sks_nodepool_members", pool, instances=[one.id])
        except NotFound:
            self.say(f"{one.name}: is gone already")
        pool = self._settled(one.nodepool)
        if pool["size"] < size:
            self._scale(pool, size)
            self._await_joined(one.nodepool, {*waiting} - {one.id})

    def _restore(self, pool: Document) -> None:
        """Restores a pool's size, which an interrupted run may have left changed."""
        wanted = self.sizes.get(StackRef.noun(pool["name"]), 0)
        if pool["size"] < wanted:
            self.say(f"nodepool {pool['name']} has {pool['size']} nodes, and its settings say {wanted}")
            self._scale(self._settled(pool["id"]), wanted)

    def _await_joined(self, nodepool: str, waiting: Collection[str]) -> None:
        """Waits until every other machine of a pool is a ready node and runs its DaemonSet pods."""
        told: list[str] = []

        def missing() -> list[str]:
            joined = nodes.by_machine(self.server)
            machines = [id_ for id_ in self._machines(self._pools()[nodepool]) if id_ not in waiting]
            absent = [id_ for id_ in machines if id_ not in joined or not nodes.is_ready(joined[id_])]
            names = {joined[id_]["metadata"]["name"] for id_ in machines if id_ in joined}
            found = [f"machine {id_} is no ready node yet" for id_ in absent]
            found += [f"pod {name} is not ready yet" for name in eviction.starting(self.server, names)]
            if found and found[0] not in told:
                told.append(found[0])
                self.say(f"waiting: {found[0]}")
            return found

        if left := wait_until(missing, self.patience):
            raise TeardownError(f"{left[0]}, after {self.patience:.0f} s. Next: when it is, run this again: it goes on")

    def _settled(self, nodepool: str) -> Document:
        """Returns the nodepool once no operation is in progress on it, such as one of an interrupted run."""

        def busy() -> str:
            state: str = self._pools()[nodepool]["state"]
            return "" if state in _SETTLED else state

        if state := wait_until(busy, self.patience):
            raise TeardownError(
                f"nodepool {nodepool} is {state}, after {self.patience:.0f} s. Next: run this again later"
            )
        return self._pools()[nodepool]

    def _scale(self, pool: Document, size: int) -> None:
        self.say(f"nodepool {pool['name']}: making it {size} machines")
        self._finish("scale_sks_nodepool", pool, size=size)

    def _finish(self, method: str, pool: Document, **arguments: Any) -> None:
        self.account.finish(getattr(self.account, method), id=self.cluster_id, sks_nodepool_id=pool["id"], **arguments)

    def _pools(self) -> dict[str, Document]:
        """Returns the stack's current nodepools by id; the API leaves out the size of an empty one, which is 0."""
        cluster = self.account.call(self.account.get_sks_cluster, id=self.cluster_id)
        pools = [one for one in cluster.get("nodepools") or [] if one["id"] in self.recorded]
        return {one["id"]: {"size": 0, **one} for one in pools}

    def _machines(self, pool: Document) -> list[str]:
        listed = self.account.call(self.account.list_instances).get("instances", [])
        mine = [one for one in listed if (one.get("manager") or {}).get("id") == pool["instance-pool"]["id"]]
        return [one["id"] for one in mine if one.get("state") not in ("destroying", "destroyed")]


def _size_before(node: Document | None) -> int | None:
    """Returns the pool's size when the node's replacement began; None if it has not begun."""
    found = (node or {}).get("metadata", {}).get("annotations", {}).get(_SIZE)
    return None if found is None else int(found)
