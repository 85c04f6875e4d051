"""The rules of a security group: one that names the group itself keeps it from being deleted (facts §4)."""

import contextlib

import click

from teardown.account import GLOBAL_ZONE, Account, NotFound, connect


@click.command("sweep-rules")
@click.option("--security-group", "group", required=True, help="Id of the security group.")
@click.option("--stack", help="The Pulumi stack, whose configuration may hold the API key.")
def sweep_rules(group: str, stack: str | None) -> None:
    """Delete all rules of a security group.

    Pulumi runs this in a destroy when the rules that it knows are gone and the group is to go next: an `up` that was
    killed while it made a rule leaves one that no state knows.
    """
    for rule in remove(connect(GLOBAL_ZONE, stack), group):
        click.echo(f"deleted rule {rule} of security group {group}")


def remove(account: Account, group_id: str) -> list[str]:
    """Deletes them.

    Returns:
        Ids of those that were there; none where the group is gone.
    """
    removed: list[str] = []
    with contextlib.suppress(NotFound):
        for rule in account.call(account.get_security_group, id=group_id).get("rules", []):
            with contextlib.suppress(NotFound):
                account.finish(account.delete_rule_from_security_group, id=group_id, rule_id=rule["id"])
            removed.append(rule["id"])
    return removed
