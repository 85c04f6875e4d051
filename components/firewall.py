"""The security group that is attached to the nodes."""

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
        identity: the stack it belongs to.
        zone: the stack's zone; a security group exists in all zones.
        cni: network plugin whose traffic between nodes is allowed, `calico` or `cilium`.
        open_node_ports: whether NodePorts are open to the whole internet. NLBs reach the nodes through them, so
            without them an ingress controller is unreachable.
    """

    identity: Identity
    zone: str
    cni: str
    open_node_ports: bool = True


@dataclass(frozen=True)
class Rule:
    """Incoming traffic to allow; `ports` is first and last port, or type and code for ICMP."""

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
    """The rules that a cluster with this network plugin needs."""
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
            # The API cannot change either, so the plugin would replace the group under running machines. The stack's id
            # in the description says whose group it is, and that never changes.
            opts=pulumi.ResourceOptions.merge(
                child_opts, pulumi.ResourceOptions(ignore_changes=["name", "description"])
            ),
        )
        # The same for a rule's description: a new text in a later release must not remove a rule from running machines.
        rule_opts = pulumi.ResourceOptions.merge(child_opts, pulumi.ResourceOptions(ignore_changes=["description"]))
        if args.identity.stack_id is not None:
            sweep = RuleSweepStep(f"{name}-sweep", args.identity, args.zone, group.id, child_opts)
            # Deleted after the rules that Pulumi knows and before the group: a rule of an `up` that was killed is
            # missing from the state and would keep the group from ever being deleted.
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
