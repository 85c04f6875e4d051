"""Shows the differences between the cloud and a stack's state, after checking the API key's organisation."""

import subprocess
import sys
from pathlib import Path

import click

from .cloud.account import accounts
from .errors import TeardownError
from .state.backend import Pulumi, plain_name, project
from .state.recorded import recorded


@click.command(short_help="Show what differs between cloud and state.")
@click.argument("stack")
def drift(stack: str) -> None:
    """Run `pulumi preview --refresh --expect-no-changes` for STACK. Changes nothing; exit status 1 if it drifted.

    A refresh takes whatever the API does not find for deleted. So the key's organisation is compared with the stack's
    first: with a key of another organisation, the API would find nothing of the stack.
    """
    folder = Path.cwd()
    name = plain_name(stack, project(folder))
    exported = Pulumi(folder).export(stack)
    if exported is None:
        raise TeardownError(f"there is no stack {stack} in this backend")
    state = recorded(exported)
    account = next(iter(accounts(name, {zone for _, zone in state.clusters}, state.organization).values()))
    if not state.organization.id:
        raise TeardownError(
            f"the state of {stack} does not say which organisation it lives in, and the API key "
            f"{account.api_key.key} is of {account.organization()}. Next: if that is right, `pulumi up` once"
        )
    command = ["pulumi", "preview", "--refresh", "--expect-no-changes", "--diff", "--stack", stack]
    click.echo(f"asking {account.whom}, organisation {state.organization}: {' '.join(command)}", err=True)
    sys.exit(subprocess.run(command, cwd=folder, check=False).returncode)
