"""What takes the load balancers and volumes out of a cluster before it is destroyed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pulumi
import pulumi_command as command

from components.identity import Identity
from components.teardown import teardown


@dataclass(frozen=True)
class DrainArgs:
    """Arguments of a Drain and of its Gate.

    Args:
        identity: whose cluster it is, with a Mark's id.
        zone: the cluster's zone.
        cluster_id: the SKS cluster.
        instance_pool_ids: the instance pools of its nodepools.
        load_balancers: names of the NLBs that are resources of the stack, and none of the drain's business.
        on_destroy: what becomes of block storage volumes and snapshots: `refuse`, `delete` or `keep`.
        releases: whether the stack installs something with Helm.
        wait_seconds: patience with a controller that does not do its part, before the cloud's API is asked.
        after: what has to outlive the drain, such as the ingress controller.
    """

    identity: Identity
    zone: str
    cluster_id: pulumi.Input[str]
    instance_pool_ids: Sequence[pulumi.Input[str]]
    load_balancers: Sequence[str] = ()
    on_destroy: str = "refuse"
    releases: bool = False
    wait_seconds: int = 120
    after: Sequence[pulumi.Resource] = ()


class Drain(pulumi.ComponentResource):
    """Created after everything else, so that it is the first thing that a destroy runs.

    It refuses new Services of type LoadBalancer and deletes those there are, in every namespace, whoever made them;
    their NLBs would outlive the cluster and cost money for ever. What becomes of volumes is for `on_destroy` to say.
    """

    def __init__(self, name: str, args: DrainArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("exoscale-sks:components:Drain", name, None, opts)
        _drained(f"{name}-drain", args, pulumi.ResourceOptions(parent=self), create=None)
        self.register_outputs({})


class Gate(pulumi.ComponentResource):
    """Stands between the nodepools and the NLB.

    On the way up it lets load balancers in again that the drain of an abandoned destroy refuses. On the way down it
    drains once more: Exoscale refuses to delete a nodepool that an NLB targets, and by now a Drain that went well may
    be gone from the state, while a controller was still at work.
    """

    def __init__(self, name: str, args: DrainArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("exoscale-sks:components:Gate", name, None, opts)
        admit = pulumi.Output.from_input(args.cluster_id).apply(
            lambda cluster: teardown("admit", zone=args.zone, cluster=cluster, stack=args.identity.stack)
        )
        # Whatever Helm had to uninstall is uninstalled by then.
        _drained(f"{name}-gate", replace(args, releases=False), pulumi.ResourceOptions(parent=self), create=admit)
        self.register_outputs({})


def _drained(
    name: str, args: DrainArgs, opts: pulumi.ResourceOptions, create: pulumi.Input[str] | None
) -> command.local.Command:
    who = args.identity

    def drain(values: dict[str, object]) -> str:
        return teardown(
            "drain",
            zone=args.zone,
            project=who.project,
            stack=who.stack,
            owner=who.owner,
            on_destroy=args.on_destroy,
            releases=args.releases,
            wait_seconds=args.wait_seconds,
            keep_nlb=list(args.load_balancers),
            **values,  # type: ignore[arg-type]
        )

    values = pulumi.Output.all(
        stack_id="" if who.stack_id is None else who.stack_id,
        cluster=args.cluster_id,
        pool=list(args.instance_pool_ids),
    )
    return command.local.Command(
        name,
        create=create,
        delete=values.apply(drain),
        # Another cluster is another drain: the old one has to be drained before it goes.
        triggers=[args.cluster_id],
        opts=pulumi.ResourceOptions.merge(
            opts, pulumi.ResourceOptions(depends_on=[*args.after], delete_before_replace=True)
        ),
    )
