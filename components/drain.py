"""Deletes a cluster's load balancers and volumes before the cluster is destroyed. (Not `kubectl drain`.)"""

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
        identity: the stack that owns the cluster, with the id from a StackId.
        zone: the cluster's zone.
        cluster_id: the SKS cluster.
        instance_pool_ids: the instance pools of its nodepools.
        load_balancers: names of the NLBs that are resources of the stack, which the drain leaves alone.
        on_destroy: what to do with block storage volumes and snapshots: `refuse`, `delete` or `keep`.
        releases: whether the stack installs something with Helm.
        wait_seconds: how long to wait for a controller that makes no progress before using the cloud's API instead.
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
    """The drain that a destroy runs first. It has to depend (`depends_on`) on everything that is installed into the
    cluster.

    It makes the cluster refuse new Services of type LoadBalancer and deletes the existing ones in every namespace,
    whoever made them: their NLBs would outlive the cluster and cost money for ever. `on_destroy` decides about volumes.
    """

    def __init__(self, name: str, args: DrainArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("Drain", name, opts)
        _step("Drain", f"{name}-step", args, self)
        self.register_outputs({})


class SecondDrain(Component):
    """A second drain, between the nodepools and the contents of the cluster.

    On every `up` it reopens a cluster that the drain of an abandoned destroy closed. On a destroy it drains once more:
    Exoscale refuses to delete a nodepool that an NLB targets, and a Drain that succeeded may be missing from the state
    by now although a controller was still at work.
    """

    def __init__(self, name: str, args: DrainArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("SecondDrain", name, opts)
        # Helm has uninstalled its releases by then.
        _step("SecondDrain", f"{name}-step", replace(args, releases=False), self)
        self.register_outputs({})


class UnfinishedDrain(Component):
    """Drains the cluster of an `up` that ended before its SecondDrain was created. If Exoscale refuses one of two
    nodepools, the other one runs, and users may have load balancers and volumes there. If there is a SecondDrain, this
    one does nothing.

    It has to be created before the nodepools and deleted before them, which no dependency can express. But the engine
    deletes the deepest resources of the graph first (docs/plugins.md, Engine). So make this component depend on
    everything the nodepools depend on: its step is then one level deeper than they are. And make them wait with
    `before`.
    """

    def __init__(self, name: str, args: DrainArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("UnfinishedDrain", name, opts)
        self._created = _step("UnfinishedDrain", f"{name}-step", replace(args, releases=False), self).urn
        self.register_outputs({})

    def before(self, value: pulumi.Output[T]) -> pulumi.Output[T]:
        """Returns the same value, known once this is created. Resources that use it are created later, without a
        dependency in the state."""

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
