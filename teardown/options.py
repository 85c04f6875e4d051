"""Options that several commands share."""

import functools
from collections.abc import Callable
from typing import Any

import click

from teardown.owner import Owner

zone_option = click.option("--zone", required=True, help="Exoscale zone of the stack.")
cluster_option = click.option("--cluster", required=True, help="Id of the SKS cluster.")


def owner_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds --project, --stack, --owner and --stack-id, and hands them over as one `owner`."""

    @functools.wraps(command)
    def with_owner(project: str, stack: str, owner: str, stack_id: str, **rest: Any) -> Any:
        return command(owner=Owner(project, stack, owner, stack_id), **rest)

    for name, what in (
        ("--stack-id", "The stack's own id."),
        ("--owner", "Whom to ask about it."),
        ("--stack", "The Pulumi stack."),
        ("--project", "The Pulumi project."),
    ):
        with_owner = click.option(name, required=True, help=what)(with_owner)
    return with_owner
