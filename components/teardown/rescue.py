"""Lets a destroy finish if the control plane is gone for good, so that nothing in the cluster can be uninstalled."""

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import click

from .cloud import removal
from .cloud.abandoned import abandoned
from .cloud.account import Document, NotFound, accounts
from .cloud.ownership import resources
from .cloud.report import Asked, unproven
from .cloud.resource import INSTANCE_POOL, NODEPOOL, Resource, Verdict
from .cloud.survey import Accounts, survey
from .cloud_drain import CloudDrain, DrainTarget
from .cluster.liveness import Pulse, prove_gone
from .command import COMMAND
from .errors import TeardownError
from .state import edit
from .state.backend import Backend, Pulumi, plain_name, project
from .state.recorded import Recorded, recorded
from .storage_policy import OVERRIDE, override
from .subject import Say, Subject

Agree = Callable[[Sequence[str]], bool]


@click.command(short_help="Make STACK destroyable again after its cluster is gone.")
@click.argument("stack")
@click.option(
    "--patience", type=float, default=60, show_default=True, help="Seconds of silence after which it stops waiting."
)
@click.option("--dry-run", is_flag=True, help="Only show what would be done.")
@click.option("--yes", is_flag=True, help="Do not ask, if Exoscale does not know the cluster any more.")
@click.option(
    "--confirm",
    multiple=True,
    metavar="NAME",
    help="Name of the silent cluster to give up although Exoscale still knows it, instead of typing it when asked.",
)
def rescue(stack: str, patience: float, dry_run: bool, yes: bool, confirm: tuple[str, ...]) -> None:
    """Make STACK destroyable again after its control plane is gone for good.

    First it proves that: Exoscale does not know the cluster. If Exoscale does know it but nothing at all answers there,
    it asks you to type the cluster's name; if anything answers, such as a proxy, it stops without proof. Then it
    deletes the cluster's NLBs, labels its volumes for the sweep, and removes from the state what only the control
    plane could delete. It keeps a backup of the state in a file. Run `pulumi destroy` afterwards.
    """
    folder = Path.cwd()
    backend, name = Pulumi(folder), plain_name(stack, project(folder))
    exported = backend.export(stack)
    if exported is None:
        raise TeardownError(f"there is no stack {stack} in this backend. Next: `{COMMAND} audit {stack}`")
    if worker := backend.worker(stack):
        raise TeardownError(f"stack {stack} is locked by {worker}. Next: wait, or `pulumi cancel --stack {stack}`")
    state = recorded(exported)
    home = state.organization
    zones = accounts(name, {zone for _, zone in clusters(state)}, home) if clusters(state) else {}
    subject = Subject(project(folder), name, state.owner, "", state.stack_id, home.id, home.name)

    def agree(given_up: Sequence[str]) -> bool:
        for cluster in given_up:
            if cluster not in confirm:
                question = f"Exoscale still knows cluster {cluster}. Type its name to give it up"
                if click.prompt(question, default="", show_default=False, err=True) != cluster:
                    return False
        return yes or click.confirm("Go on?", err=True)

    Rescue(backend, exported, zones, subject, override(), folder, click.echo).run(patience, agree, dry_run)
    if zones:
        click.echo(f"asked: {Asked.now(zones, home)}")


def clusters(state: Recorded) -> set[tuple[str, str]]:
    """Returns ids and zones of a stack's clusters, including those that only a drain records."""
    drained = {(drain.cluster_id, drain.zone) for drain in state.drains}
    return {(id_, zone) for id_, zone in {*state.clusters, *drained} if id_ and zone}


@dataclass
class Rescue:
    """Rescues one stack.

    Args:
        backend: holds the state.
        exported: the current state.
        zones: the account in the zones of its clusters.
        subject: the stack; its zone does not matter.
        policy: what to do with volumes; None uses the policy that the last `up` recorded.
        folder: folder for the backup of the state.
        say: called with a line for each step.
    """

    backend: Backend
    exported: Document
    zones: Accounts
    subject: Subject
    policy: str | None
    folder: Path
    say: Say

    def run(self, patience: float, agree: Agree, dry_run: bool = False) -> None:
        """Rescues the stack. Safe to re-run: it continues after an interruption, and does nothing once it is done.

        Args:
            patience: seconds of silence after which it stops waiting.
            agree: called with the names of silent clusters that Exoscale still knows; returns whether to go on.
            dry_run: only say what would be done.

        Raises:
            TeardownError: a control plane answers, or that cannot be found out; or volumes hold data and no policy says
                what to do with them; or the state protects what would have to be removed.
        """
        state, stack = recorded(self.exported), self.subject.stack
        known = clusters(state)
        if not edit.hopeless(self.exported, {id_ for id_, _ in known}):
            self.say(f"{stack} holds nothing that needs a control plane. Next: {self._next}")
            return
        if not known:
            raise TeardownError(f"the state of {stack} names no cluster, so nothing proves that it is gone")
        gone = {id_: self._prove(id_, zone, patience) for id_, zone in sorted(known)}
        unknown = {id_ for id_, how in gone.items() if how is Pulse.UNKNOWN_TO_EXOSCALE}
        dropped = edit.hopeless(self.exported, unknown)
        if not dropped:
            self.say(f"{stack} holds nothing that needs a control plane. Next: {self._next}")
            return
        edit.refuse_protected(dropped, stack)
        drains = [self._drain(state, id_, zone) for id_, zone in sorted(known)]
        for drain in drains:
            self._refuse_data(drain)
        self._tell(drains, dropped, "would drop" if dry_run else "will drop")
        given_up = [self._name(id_, zone) for id_, zone in sorted(known) if id_ not in unknown]
        if dry_run or not agree(given_up):
            self.say("nothing was changed")
            return
        self.say(f"the state as it was is kept in {self._back_up()}")
        for drain in drains:
            drain.label(drain.unlabelled_data())
            drain.remove_load_balancers()
            self._remove_lost_pools(drain, state)
        self.backend.restore(stack, edit.without(self.exported, dropped))
        for line in unproven(abandoned(resources(survey(self.zones)))):
            self.say(line)
        self.say(f"rescued. Next: {self._next}")

    def _prove(self, cluster_id: str, zone: str, patience: float) -> Pulse:
        how = prove_gone(self.zones[zone], cluster_id, self.subject.stack, patience, self.say)
        self.say(f"the control plane of cluster {cluster_id}: {how}")
        return how

    def _name(self, cluster_id: str, zone: str) -> str:
        account = self.zones[zone]
        try:
            return str(account.call(account.get_sks_cluster, id=cluster_id)["name"])
        except NotFound:
            return cluster_id

    def _drain(self, state: Recorded, cluster_id: str, zone: str) -> CloudDrain:
        """Returns a drain of the cluster that does not use its API server."""
        recorded_for = [drain for drain in state.drains if drain.cluster_id == cluster_id]
        pools = state.pool_ids.union(*(drain.pool_ids for drain in recorded_for))
        policies = [drain.on_destroy for drain in recorded_for]
        target = DrainTarget(
            cluster_id,
            tuple(sorted(pools)),
            tuple(sorted(state.balancer_ids)),
            self.policy or (*policies, "refuse")[0],
        )
        return CloudDrain(self.zones[zone], replace(self.subject, zone=zone), target, self.say)

    def _refuse_data(self, drain: CloudDrain) -> None:
        data = drain.unlabelled_data()
        if data and drain.target.on_destroy == "refuse":
            raise TeardownError(
                f"the cluster's volumes hold data: {'; '.join(map(str, data))}. Next: say what becomes of them: "
                f"`{OVERRIDE}=delete {COMMAND} rescue {self.subject.stack}` (or keep)"
            )
        if data and not self.subject.stack_id:
            raise TeardownError(
                f"the state of {self.subject.stack} holds no stack-id to label volumes with: "
                f"{'; '.join(map(str, data))}. Next: delete them with `exo compute block-storage delete`"
            )

    def _tell(self, drains: Sequence[CloudDrain], dropped: Sequence[Document], verb: str) -> None:
        for drain in drains:
            found, fate = drain.look(), "stay: it keeps costing money" if drain.keeps else "go"
            for balancer in drain.balancers(found):
                self.say(f"{verb.partition(' ')[0]} delete {balancer}")
            for item in drain.unlabelled_data():
                self.say(f"{verb.partition(' ')[0]} label {item}, which is to {fate}")
            for line in drain.left_alone(found):
                self.say(line)
        for one in dropped:
            self.say(f"{verb} {one['urn']} from the state")

    def _remove_lost_pools(self, drain: CloudDrain, state: Recorded) -> None:
        """Deletes instance pools without a nodepool, and nodepools that are missing from the state: nobody else
        would."""

        def find() -> list[Resource]:
            lost = [item for item in drain.look() if item.kind == INSTANCE_POOL or is_unrecorded(item)]
            return [item for item in lost if item.verdict(drain.subject.ref) is Verdict.OURS]

        def is_unrecorded(item: Resource) -> bool:
            own = item.parent == drain.target.cluster_id
            return item.kind == NODEPOOL and own and item.id not in state.ids

        removal.remove({drain.subject.zone: drain.account}, find, self.say, drain.target.wait_seconds)

    def _back_up(self) -> Path:
        when = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
        file = self.folder / f"rescue-{self.subject.stack}-{when}.json"
        with os.fdopen(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as stream:
            json.dump(self.exported, stream, indent=2)
            stream.flush()
            os.fsync(stream.fileno())
        return file

    @property
    def _next(self) -> str:
        return f"`pulumi destroy --stack {self.subject.stack}`"
