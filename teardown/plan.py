"""What a destroy would take out of a stack's cluster, before anybody runs one."""

from pathlib import Path

import click

from teardown import volumes
from teardown.account import connect
from teardown.drain import Drain
from teardown.errors import TeardownError
from teardown.owner import Owner
from teardown.state import Pulumi, recorded

_PATIENCE_SECONDS = 10


@click.command()
@click.argument("stack")
def plan(stack: str) -> None:
    """List the Services, NLBs and volumes that a destroy of STACK would delete, keep, or stop at. Changes nothing."""
    state = recorded(Pulumi(Path.cwd()).export(stack))
    if not state.drains:
        raise TeardownError(f"the state of {stack} holds no cluster that would be drained; is it up?")
    seen: set[str] = set()
    for options in state.drains:
        [zone], [cluster], [project], [policy] = (options[key] for key in ("zone", "cluster", "project", "on-destroy"))
        if cluster not in seen:  # drain and gate ask for the same
            seen.add(cluster)
            Drain(
                connect(zone, stack),
                Owner(project, stack, state.owner, state.stack_id),
                cluster,
                set(options.get("pool", [])),
                set(options.get("keep-nlb", [])),
                volumes.override() or policy,
                _PATIENCE_SECONDS,
                click.echo,
            ).plan()
