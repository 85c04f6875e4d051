"""A stack's own id."""

import secrets

import click

from teardown.account import connect
from teardown.options import zone_option


@click.command()
@zone_option
@click.option("--stack", required=True, help="The Pulumi stack, whose configuration may hold the API key.")
def mark(zone: str, stack: str) -> None:
    """Print a new random id, which all that the stack makes will carry as its label `stack-id`.

    It is the first thing that an `up` does, so a wrong API key or zone ends it here, before anything is created.
    """
    connect(zone, stack).check_key()
    click.echo(secrets.token_hex(6))
