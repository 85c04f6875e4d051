"""Lists what a destroy would delete from a stack's cluster, without running one."""

from pathlib import Path

import click

from . import drain
from .cloud.report import Asked
from .cloud_drain import CloudDrain, DrainTarget
from .errors import TeardownError
from .state.backend import Pulumi, plain_name, project
from .state.recorded import recorded
from .storage_policy import override
from .subject import Subject

_PATIENCE_SECONDS = 10


@click.command(short_help="List what a destroy of STACK would delete or keep.")
@click.argument("stack")
def plan(stack: str) -> None:
    """List the Services, NLBs and volumes that a destroy of STACK would delete, keep, or stop at. Changes nothing."""
    folder = Path.cwd()
    name = plain_name(stack, project(folder))
    state = recorded(Pulumi(folder).export(stack))
    if not state.drains:
        raise TeardownError(f"the state of {stack} holds no cluster that would be drained; is it up?")
    home = state.organization
    asked: Asked | None = None
    by_cluster = {one.cluster_id: one for one in state.drains}  # the later ones know more
    for one in by_cluster.values():
        subject = Subject(project(folder), name, one.owner, one.zone, state.stack_id, home.id, home.name)
        accounts = subject.accounts()
        policy = override() or one.on_destroy
        target = DrainTarget(one.cluster_id, one.pool_ids, one.load_balancers, policy, wait_seconds=_PATIENCE_SECONDS)
        drain.plan(CloudDrain(accounts[one.zone], subject, target, click.echo))
        asked = Asked.now(accounts, home)
    click.echo(f"nothing was changed ({asked})")
