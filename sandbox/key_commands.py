"""`python -m sandbox key`: makes API keys, also for other organisations."""

import shlex
from pathlib import Path

import click

from sandbox.cli import admin_of, example, main
from sandbox.store import DEFAULT_ORGANIZATION


@main.command(epilog=example('eval "$(python -m sandbox key neighbour --organization acme)"'))
@click.argument("name")
@click.option(
    "--organization",
    metavar="ORG",
    default=DEFAULT_ORGANIZATION,
    show_default=True,
    help="The key's organisation, which is created if it is missing. The key can see and change nothing of any other "
    "organisation.",
)
@click.pass_obj
def key(home: Path, name: str, organization: str) -> None:
    """Make an API key NAME, and print variables that make clients use it, for `eval` after that of `env`."""
    made, secret = admin_of(home).new_key(name, organization)
    click.echo(f"export EXOSCALE_API_KEY={shlex.quote(made)}")
    click.echo(f"export EXOSCALE_API_SECRET={shlex.quote(secret)}")
