"""The security group of the nodes."""

from dataclasses import dataclass
from typing import Literal

import pulumi
import pulumiverse_exoscale as exoscale

from .catalogue import NODE_PORTS
from .component import Component
from .identity import Identity
from .steps import RuleSweepStep

ANYWHERE = "0.0.0.0/0"


@dataclass(frozen=True)
class FirewallArgs:
    """Arguments of a Firewall.

    Args:
        identity: whose it is.
        zone: the stack's zone; a security group is in all of them.
        cni: network plugin whose traffic between the nodes is let through, `calico` or `cilium`.
        open_node_ports: whether NodePorts answer the whole internet. NLBs reach the nodes through them, so a
            closed firewall leaves an ingress controller unreachable.
    """

    identity: Identity
    zone: str
    cni: str
    open_node_ports: bool = True


@dataclass(frozen=True)
class Rule:
    """Incoming traffic that is let through; `ports` is first and last, or type and code for ICMP."""

    name: str
    protocol: Literal["TCP", "UDP", "ICMP"]
    ports: tuple[int, int]
    source: Literal["itself", "anywhere"]
    description: str


KUBELET = Rule("kubelet", "TCP", (10250, 10250), "itself", "kubelet: logs, exec and metrics")
BETWEEN_NODES = {
    "calico": (Rule("calico-vxlan", "UDP", (4789, 4789), "itself", "Calico: VXLAN between nodes"),),
    "cilium": (
        Rule("cilium-vxlan", "UDP", (8472, 8472), "itself", "Cilium: VXLAN between nodes"),
        Rule("cilium-health", "TCP", (4240, 4240), "itself", "Cilium: health checks between nodes"),
        Rule("cilium-ping", "ICMP", (8, 0), "itself", "Cilium: ping between nodes"),
    ),
}
FROM_ANYWHERE = (
    Rule("node-ports-tcp", "TCP", NODE_PORTS, "anywhere", "Kubernetes NodePorts and NLB health checks"),
    Rule("node-ports-udp", "UDP", NODE_PORTS, "anywhere", "Kubernetes NodePorts"),
)


def rules(cni: str, open_node_ports: bool) -> tuple[Rule, ...]:
    """Lists what a cluster with this network plugin must let through."""
    return (KUBELET, *BETWEEN_NODES[cni], *(FROM_ANYWHERE if open_node_ports else ()))


class Firewall(Component):
    """A security group with the rules that an SKS cluster needs, and no more."""

    security_group_id: pulumi.Output[str]
    """Id of the security group."""

    def __init__(self, name: str, args: FirewallArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("Firewall", name, opts)
        child_opts = pulumi.ResourceOptions(parent=self)

        group = exoscale.SecurityGroup(
            f"{name}-group",
            name=args.identity.lasting_name(name),
            description=args.identity.describe("Nodes"),
            # The API can change neither, so the plugin would replace the group under running machines. Whose it is, the
            # id in the description says, and that never changes.
            opts=pulumi.ResourceOptions.merge(
                child_opts, pulumi.ResourceOptions(ignore_changes=["name", "description"])
            ),
        )
        # Nor a rule's description: another text in a later release must not take a rule from running machines.
        rule_opts = pulumi.ResourceOptions.merge(child_opts, pulumi.ResourceOptions(ignore_changes=["description"]))
        if args.identity.stack_id is not None:
            sweep = RuleSweepStep(f"{name}-sweep", args.identity, args.zone, group.id, child_opts)
            # When the rules that Pulumi knows are gone, and before the group: a rule of an `up` that was killed, which
            # is missing from the state, would hold it for ever.
            rule_opts = pulumi.ResourceOptions.merge(rule_opts, pulumi.ResourceOptions(depends_on=[sweep]))
        for rule in rules(args.cni, args.open_node_ports):
            first, last = rule.ports
            icmp = rule.protocol == "ICMP"
            exoscale.SecurityGroupRule(
                f"{name}-{rule.name}",
                security_group_id=group.id,
                type="INGRESS",
                protocol=rule.protocol,
                start_port=None if icmp else first,
                end_port=None if icmp else last,
                icmp_type=first if icmp else None,
                icmp_code=last if icmp else None,
                cidr=ANYWHERE if rule.source == "anywhere" else None,
                user_security_group_id=group.id if rule.source == "itself" else None,
                description=rule.description,
                opts=rule_opts,
            )

        self.security_group_id = group.id
        self.register_outputs({"security_group_id": self.security_group_id})
