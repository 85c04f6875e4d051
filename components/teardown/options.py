"""Options that several commands share."""

import functools
from collections.abc import Callable
from typing import Any

import click

from .subject import Subject

zone_option = click.option("--zone", required=True, help="Exoscale zone of the stack.")
cluster_option = click.option("--cluster", required=True, help="Id of the SKS cluster.")


organization_option = click.option(
    "--organization", default="", help="Id of the stack's organisation; a key of another one is refused."
)


def stack_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds --project, --stack, --owner, --stack-id and --zone, and passes them on as one `subject`."""

    @functools.wraps(command)
    def with_subject(
        project: str, stack: str, owner: str, stack_id: str, zone: str, organization: str, **rest: Any
    ) -> Any:
        return command(subject=Subject(project, stack, owner, zone, stack_id, organization), **rest)

    for name, what in (
        ("--stack-id", "The stack's own id."),
        ("--owner", "Contact to ask about it."),
        ("--stack", "The Pulumi stack."),
        ("--project", "The Pulumi project."),
    ):
        with_subject = click.option(name, required=True, help=what)(with_subject)
    return organization_option(zone_option(with_subject))
