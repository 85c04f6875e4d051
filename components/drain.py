"""Takes the load balancers and volumes out of a cluster before it is destroyed. (Not `kubectl drain`.)"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import pulumi

from .component import Component
from .identity import Identity
from .steps import DrainStep

T = TypeVar("T")


@dataclass(frozen=True)
class DrainArgs:
    """Arguments of a Drain, a SecondDrain and an UnfinishedDrain.

    Args:
        identity: whose cluster it is, with a StackId's id.
        zone: the cluster's zone.
        cluster_id: the SKS cluster.
        instance_pool_ids: the instance pools of its nodepools.
        load_balancers: names of the NLBs that are resources of the stack, which the drain leaves alone.
        on_destroy: what becomes of block storage volumes and snapshots: `refuse`, `delete` or `keep`.
        releases: whether the stack installs something with Helm.
        wait_seconds: patience with a controller that does not do its part, before the cloud's API is asked.
    """

    identity: Identity
    zone: str
    cluster_id: pulumi.Input[str]
    instance_pool_ids: Sequence[pulumi.Input[str]] = ()
    load_balancers: Sequence[str] = ()
    on_destroy: str = "refuse"
    releases: pulumi.Input[bool] = False
    wait_seconds: int = 120


class Drain(Component):
    """Created after everything that is put into the cluster, on which it has to depend (`depends_on`), so that it is
    the first thing that a destroy runs.

    It refuses new Services of type LoadBalancer and deletes those there are, in every namespace, whoever made them;
    their NLBs would outlive the cluster and cost money for ever. What becomes of volumes is for `on_destroy` to say.
    """

    def __init__(self, name: str, args: DrainArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("Drain", name, opts)
        _step("Drain", f"{name}-step", args, self)
        self.register_outputs({})


class SecondDrain(Component):
    """Stands between the nodepools and what is in the cluster.

    On any way up it opens a cluster again that the drain of an abandoned destroy closed. On the way down it
    drains once more: Exoscale refuses to delete a nodepool that an NLB targets, and by now a Drain that went well may
    be gone from the state, while a controller was still at work.
    """

    def __init__(self, name: str, args: DrainArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("SecondDrain", name, opts)
        # Whatever Helm had to uninstall is uninstalled by then.
        _step("SecondDrain", f"{name}-step", replace(args, releases=False), self)
        self.register_outputs({})


class UnfinishedDrain(Component):
    """Drains the cluster of an `up` that ended before there was a SecondDrain. When Exoscale refuses one of two
    nodepools, the other one runs, and users can have load balancers and volumes there. Where there is a SecondDrain, it
    does nothing.

    It has to be created before the nodepools and deleted before them, which no dependency can say. But the engine
    deletes what is deepest in the graph first (docs/plugins.md, Engine). So let this component, too, depend on what the
    nodepools depend on: its step is then one level deeper than they are. And make them wait with `before`.
    """

    def __init__(self, name: str, args: DrainArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("UnfinishedDrain", name, opts)
        self._created = _step("UnfinishedDrain", f"{name}-step", replace(args, releases=False), self).urn
        self.register_outputs({})

    def before(self, value: pulumi.Output[T]) -> pulumi.Output[T]:
        """The same value, known once this is created. What uses it is created later, and the state records no
        dependency."""

        async def created() -> None:
            await self._created.future()

        return pulumi.Output.all(value, created()).apply(lambda both: both[0])


def _step(kind: str, name: str, args: DrainArgs, parent: pulumi.Resource) -> DrainStep:
    return DrainStep(
        kind,
        name,
        args.identity,
        args.zone,
        args.cluster_id,
        args.instance_pool_ids,
        args.load_balancers,
        args.on_destroy,
        args.releases,
        args.wait_seconds,
        pulumi.ResourceOptions(parent=parent),
    )
