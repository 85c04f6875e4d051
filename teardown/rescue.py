"""Lets a destroy finish whose control plane is gone for good: nobody can uninstall what was in the cluster."""

import json
import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import click

from teardown import pulse, surgery
from teardown.account import Document, accounts
from teardown.errors import TeardownError
from teardown.owner import Owner
from teardown.ownership import holdings, nobodys
from teardown.receipt import unproven
from teardown.removal import Say
from teardown.shadow import Shadow
from teardown.state import NODEPOOL, Backend, Pulumi, Recorded, project, recorded, text
from teardown.survey import Accounts, survey
from teardown.volumes import override


@click.command()
@click.argument("stack")
@click.option(
    "--patience", type=float, default=60, show_default=True, help="Seconds of silence that prove a control plane gone."
)
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
def rescue(stack: str, patience: float, dry_run: bool) -> None:
    """Make STACK destroyable again when its control plane is gone for good.

    Proves first that it is: Exoscale does not know the cluster, or nothing answers there. Then it deletes the cluster's
    NLBs, labels its volumes for the sweep, and drops from the state what only the control plane could delete. The state
    as it was is kept in a file. Next comes `pulumi destroy`.
    """
    folder = Path.cwd()
    backend = Pulumi(folder)
    exported = backend.export(stack)
    if exported is None:
        raise TeardownError(f"there is no stack {stack} in this backend. Next: `python -m teardown audit {stack}`")
    state = recorded(exported)
    owner = Owner(project(folder), stack, state.owner, state.stack_id)
    zones = accounts(stack, {zone for _, zone in clusters(state)}) if clusters(state) else {}
    work = Rescue(backend, exported, zones, owner, override(), folder, click.echo)
    work.run(patience, dry_run)


def clusters(state: Recorded) -> set[tuple[str, str]]:
    """Ids and zones of the clusters of a stack, also of those that only a drain remembers."""
    drained = {(options["cluster"][0], options["zone"][0]) for options in state.drains}
    return {(id_, zone) for id_, zone in {*state.clusters, *drained} if id_ and zone}


@dataclass
class Rescue:
    """One rescue of one stack.

    Args:
        backend: keeps the state.
        exported: the state as it is.
        zones: the account in the zones of its clusters.
        owner: the stack.
        policy: what becomes of volumes; None goes by what the last `up` recorded.
        folder: where the state is backed up.
        say: told each step.
    """

    backend: Backend
    exported: Document
    zones: Accounts
    owner: Owner
    policy: str | None
    folder: Path
    say: Say

    def run(self, patience: float, dry_run: bool = False) -> None:
        """Rescues. Run again after it was killed, it goes on; run again after it was done, it has nothing to do.

        Args:
            patience: seconds of silence that prove a control plane gone.
            dry_run: only say what would be done.

        Raises:
            TeardownError: a control plane answers; or volumes hold data and nobody said what becomes of them; or the
                state protects what would have to be dropped.
        """
        state = recorded(self.exported)
        known = clusters(state)
        if not surgery.hopeless(self.exported, {id_ for id_, _ in known}):
            self.say(f"{self.owner.stack} holds nothing that needs a control plane. Next: {self._next}")
            return
        if not known:
            raise TeardownError(f"the state of {self.owner.stack} names no cluster, so nothing proves that it is gone")
        gone = self._prove(known, patience)
        dropped = surgery.hopeless(self.exported, gone)
        if not dropped:
            self.say(f"{self.owner.stack} holds nothing that needs a control plane. Next: {self._next}")
            return
        surgery.refuse_protected(dropped, self.owner.stack)
        shadows = [self._shadow(state, known, dropped, zone) for zone in sorted({zone for _, zone in known})]
        if dry_run:
            for shadow in shadows:
                shadow.plan(self.say)
            self._tell(dropped, "would drop")
            return
        self.say(f"the state as it was is kept in {self._back_up()}")
        for shadow in shadows:
            shadow.clear(self.say)
        self.backend.restore(self.owner.stack, surgery.without(self.exported, dropped))
        self._tell(dropped, "dropped")
        surveys = survey(self.zones)
        for line in unproven(nobodys(surveys, holdings(surveys))):
            self.say(line)
        self.say(f"rescued. Next: {self._next}")

    def _prove(self, known: Collection[tuple[str, str]], patience: float) -> set[str]:
        """Those of the clusters that Exoscale does not know any more; the others are silent."""
        gone = set()
        for id_, zone in sorted(known):
            if pulse.deleted(self.zones[zone], id_, self.owner.stack, patience, self.say):
                gone.add(id_)
            how = "Exoscale does not know it" if id_ in gone else "nothing answers there"
            self.say(f"the control plane of cluster {id_} is gone: {how}")
        return gone

    def _shadow(
        self, state: Recorded, known: Collection[tuple[str, str]], dropped: Sequence[Document], zone: str
    ) -> Shadow:
        drains = [options for options in state.drains if options["zone"] == [zone]]
        policies = [policy for options in drains for policy in options.get("on-destroy", [])]
        shadow = Shadow(
            self.zones[zone],
            self.owner,
            cluster_ids={id_ for id_, its_zone in known if its_zone == zone},
            pool_ids=state.pool_ids.union(*(options.get("pool", []) for options in drains)),
            lost={text(one, "instancePoolId") for one in dropped if one["type"] == NODEPOOL} - {""},
            kept=state.balancer_ids,
            policy=self.policy or (*policies, "refuse")[0],
        )
        shadow.look()
        return shadow

    def _tell(self, dropped: Sequence[Document], verb: str) -> None:
        for one in dropped:
            self.say(f"{verb} {one['urn']} from the state")

    def _back_up(self) -> Path:
        when = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
        file = self.folder / f"rescue-{self.owner.stack}-{when}.json"
        with os.fdopen(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as stream:
            json.dump(self.exported, stream, indent=2)
            stream.flush()
            os.fsync(stream.fileno())
        return file

    @property
    def _next(self) -> str:
        return f"`pulumi destroy --stack {self.owner.stack}`"
