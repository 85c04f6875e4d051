"""The steps as commands. States from before the provider contain them as shell lines, so names and options must stay.

People may run them too: `drain --dry-run` looks into a cluster, `admit` reopens one that an abandoned destroy closed.
"""

import secrets

import click

from . import steps
from .cloud.account import GLOBAL_ZONE, accounts, connect
from .cloud_drain import CloudDrain, DrainTarget
from .cluster import closing
from .cluster.api_server import reach
from .drain import plan as plan_drain
from .errors import TeardownError
from .options import cluster_option, stack_options, zone_option
from .storage_policy import POLICIES
from .subject import Subject

_stack_option = click.option("--stack", help="The Pulumi stack, whose configuration may hold the API key.")


@click.command(hidden=True)
@zone_option
@_stack_option
def mark(zone: str, stack: str | None) -> None:
    """Print a new random id, which everything of the stack will carry as its label `stack-id`."""
    account = connect(zone, stack)
    account.call(account.list_sks_clusters)  # fails on a wrong key
    click.echo(secrets.token_hex(6))


@click.command(short_help="Allow a cluster to make load balancers again.")
@zone_option
@cluster_option
@_stack_option
@click.option("--wait-seconds", type=float, default=60, show_default=True, help="How long to wait for the API server.")
def admit(zone: str, cluster: str, stack: str | None, wait_seconds: float) -> None:
    """Allow a cluster to make load balancers and volumes again after an abandoned destroy, and restore the webhooks
    that the destroy disabled. `pulumi up` does this by itself."""
    server = reach(connect(zone, stack), cluster, wait_seconds, click.echo)
    if server is None:
        raise TeardownError(f"there is no cluster {cluster} in {zone}")
    closing.open_again(server, click.echo)


@click.command(short_help="Empty a cluster of load balancers and volumes.")
@stack_options
@cluster_option
@click.option("--pool", "pools", multiple=True, help="Id of an instance pool of the stack; can be repeated.")
@click.option("--keep-nlb", "kept", multiple=True, help="Id or name of an NLB that is a resource of the stack.")
@click.option("--on-destroy", type=click.Choice(POLICIES), default="refuse", show_default=True)
@click.option("--releases/--no-releases", default=False, help="Whether Helm has to uninstall something afterwards.")
@click.option("--wait-seconds", type=float, default=120, show_default=True, help="How long to wait without progress.")
@click.option("--dry-run", is_flag=True, help="Only list what would be deleted.")
def drain(
    subject: Subject,
    cluster: str,
    pools: tuple[str, ...],
    kept: tuple[str, ...],
    on_destroy: str,
    releases: bool,
    wait_seconds: float,
    dry_run: bool,
) -> None:
    """Remove a cluster's load balancers and, by policy, its volumes.

    This is not `kubectl drain`. STORAGE_ON_DESTROY (refuse, delete or keep) in the environment overrides the policy.
    """
    target = DrainTarget(cluster, pools, kept, on_destroy, releases, wait_seconds)
    if dry_run:
        plan_drain(CloudDrain(subject.accounts()[subject.zone], subject, target, click.echo))
    else:
        _print(steps.drain(subject, "", "", target, click.echo))


@click.command(short_help="Delete what is left of a stack.")
@stack_options
@click.option("--cluster", default="", help="Sweep only the nodepools of this SKS cluster.")
@click.option("--wait-seconds", default=0, hidden=True)
def sweep(subject: Subject, cluster: str, wait_seconds: int) -> None:
    """Delete everything that carries a stack's project, name and id, and print the receipt.

    Use --cluster just before a cluster is deleted, after all nodepools that Pulumi knows are gone: any other nodepool
    would keep the cluster from being deleted.

    Exit status 1 when something is left that costs money and was not kept on purpose. Volumes go or stay as the drain
    labelled them; STORAGE_ON_DESTROY (refuse, delete or keep) in the environment overrides that.
    """
    if cluster:
        _print(steps.sweep_nodepools(subject, "", cluster, click.echo))
    else:
        _print(steps.sweep_stack(subject, click.echo))


@click.command("sweep-rules", hidden=True)
@click.option("--security-group", "group", required=True, help="Id of the security group.")
@_stack_option
def sweep_rules(group: str, stack: str | None) -> None:
    """Delete all rules of a security group that is attached to no machine."""
    everywhere = accounts(stack)
    _print(steps.remove_rules_unless_worn({GLOBAL_ZONE: everywhere[GLOBAL_ZONE], **everywhere}, group, click.echo))


def _print(lines: list[str]) -> None:
    for line in lines:
        click.echo(line)
