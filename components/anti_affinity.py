"""The anti-affinity group that keeps the nodes of a pool on different hypervisors."""

from dataclasses import dataclass

import pulumi
import pulumiverse_exoscale as exoscale

from .component import Component
from .identity import Identity


@dataclass(frozen=True)
class AntiAffinityArgs:
    """Arguments of an AntiAffinity.

    Args:
        identity: the stack it belongs to.
        nodepool: name of the nodepool it is for.
    """

    identity: Identity
    nodepool: str


class AntiAffinity(Component):
    """An anti-affinity group of at most 8 nodes (docs/exoscale.md, Limits)."""

    group_id: pulumi.Output[str]
    """Id of the anti-affinity group."""

    def __init__(self, name: str, args: AntiAffinityArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("AntiAffinity", name, opts)
        group = exoscale.AntiAffinityGroup(
            f"{name}-anti-affinity",
            name=args.identity.lasting_name(args.nodepool),
            description=args.identity.describe(f"Nodepool {args.nodepool}"),
            # The API cannot change either, so the plugin would replace the group under running machines.
            opts=pulumi.ResourceOptions(parent=self, ignore_changes=["name", "description"]),
        )
        self.group_id = group.id
        self.register_outputs({"group_id": self.group_id})
