"""Removes what an interrupted `up` made and never recorded, at the very end of a destroy."""

from datetime import UTC, datetime

import click

from teardown import removal, volumes
from teardown.account import Account, accounts
from teardown.errors import TeardownError
from teardown.holdings import DATA, VOLUME, Holding
from teardown.options import owner_options, zone_option
from teardown.owner import STACK_ID, Owner
from teardown.ownership import holdings, nobodys
from teardown.receipt import cost, costing, receipt, unproven
from teardown.removal import Say
from teardown.survey import Accounts, survey


@click.command()
@owner_options
@zone_option
@click.option("--cluster", default="", help="Sweep only the nodepools of this SKS cluster, and what hangs on them.")
@click.option("--wait-seconds", type=float, default=300, show_default=True, help="Patience with what does not move.")
def sweep(owner: Owner, zone: str, cluster: str, wait_seconds: float) -> None:
    """Delete all that carries a stack's own id. Pulumi runs this last in a destroy, when its state is empty.

    With --cluster it is for the moment before a cluster is deleted, when all nodepools that Pulumi knows are gone:
    another one would keep the cluster from going.

    Exit status 1 when something is left that costs money and is not meant to stay. Volumes go or stay as the drain
    labelled them; STORAGE_ON_DESTROY (refuse, delete or keep) in the environment overrides that.
    """
    if cluster:
        click.echo(run(accounts(owner.stack, [zone]), owner, volumes.override(), wait_seconds, click.echo, cluster))
        return
    everywhere = accounts(owner.stack)
    if zone not in everywhere:
        raise TeardownError(f'zone is "{zone}"; allowed: {", ".join(sorted(everywhere))}')
    # Its own zone first: that one has to answer.
    zones = {zone: everywhere[zone], **everywhere}
    click.echo(run(zones, owner, volumes.override(), wait_seconds, click.echo))


def run(
    zones: Accounts,
    owner: Owner,
    policy: str | None,
    patience: float,
    say: Say,
    cluster: str = "",
    pause: float = 2.0,
) -> str:
    """Sweeps.

    Args:
        zones: the account in each zone, the stack's own first. It has to answer; others are skipped with a warning.
        owner: the stack.
        policy: what becomes of volumes; None goes by their labels.
        patience: seconds without anything going after which what is left is left.
        say: told each step.
        cluster: id of the cluster whose nodepools, and what hangs on them, are all that is swept; empty sweeps all.
        pause: seconds between two tries.

    Returns:
        The receipt, as lines.

    Raises:
        TeardownError: something stays that should have gone, or there are volumes and nobody said what becomes of them.
    """
    if not owner.stack_id:
        raise TeardownError("the stack's own id is empty, so nothing in the account is provably the stack's")
    work = _Sweep(zones, owner, policy, cluster, say)
    removed = removal.remove(zones, work.find, say, patience, pause)
    lines = [f"swept: removed {costing(removed)}"] if removed else []
    for item in work.kept:
        lines.append(f"kept: {item}, {cost([item])}; next: {item.command}")
    if not cluster:
        lines += unproven(work.nobodys)
    what = f"cluster {cluster}" if cluster else f"stack {owner.project}/{owner.stack}"
    lines.append(receipt(what, work.kept, work.zones, datetime.now(UTC)))
    return "\n".join(lines)


def keep(account: Account, owner: Owner, item: Holding) -> None:
    """Labels a volume or snapshot as the stack's and meant to stay, so that it is found when what held it is gone."""
    document = {"id": item.id, "labels": dict(item.labels)}
    found = volumes.Volumes((document,)) if item.kind == VOLUME else volumes.Volumes(snapshots=(document,))
    volumes.claim(account, owner, found, keep=True)


class _Sweep:
    def __init__(self, zones: Accounts, owner: Owner, policy: str | None, cluster: str, say: Say) -> None:
        self._zones, self._owner, self._policy, self._cluster, self._say = dict(zones), owner, policy, cluster, say
        self.kept: list[Holding] = []
        self.nobodys: list[Holding] = []

    @property
    def zones(self) -> list[str]:
        """Those that answer."""
        return list(self._zones)

    def find(self) -> list[Holding]:
        """What is to go now; `kept` is what is to stay, `nobodys` what may have been the stack's, in its zone."""
        surveys = survey(self._zones, self._skip)
        proven = holdings(surveys)
        self.nobodys = [item for item in nobodys(surveys, proven) if item.zone == self.zones[0]]
        ours = [item for item in proven if item.whose and item.whose.stack_id == self._owner.stack_id]
        if self._cluster:
            ours = _inside(self._cluster, ours)
        data: dict[str, str] = {}
        for item in ours:
            if item.kind in DATA:  # each volume before its snapshots
                data[item.id] = self._fate(item, data.get(item.through, "refuse"))
        refused = [item for item in ours if data.get(item.id) == "refuse"]
        if refused:
            raise TeardownError(
                f"these hold data: {'; '.join(map(str, refused))}. Next: say what becomes of them: "
                f"`{volumes.OVERRIDE}=delete pulumi destroy` (or keep)"
            )
        self.kept = [item for item in ours if data.get(item.id) == "keep"]
        for item in self.kept:
            keep(self._zones[item.zone], self._owner, item)
        return [item for item in ours if data.get(item.id) != "keep"]

    def _fate(self, item: Holding, unlabelled: str) -> str:
        """A drain labels what it was told to keep or to delete, and stops before that where it has to refuse."""
        if item.labels.items() >= volumes.KEEP.items():
            return "keep"
        return self._policy or ("delete" if item.labels.get(STACK_ID) == self._owner.stack_id else unlabelled)

    def _skip(self, zone: str, error: TeardownError) -> None:
        if zone == next(iter(self._zones)):
            raise error
        del self._zones[zone]
        self._say(f"warning: zone {zone} was not looked into: {error}")


def _inside(cluster: str, items: list[Holding]) -> list[Holding]:
    """What hangs on a cluster, the cluster aside; each of the items comes after what it hangs on."""
    ids, found = {cluster}, []
    for item in items:
        if item.parent in ids or item.through in ids:
            ids.add(item.id)
            found.append(item)
    return found
