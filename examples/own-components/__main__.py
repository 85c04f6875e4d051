"""A cluster put together from single components, for what Cluster does not offer."""

import pulumi
from exoscale_sks.control_plane import ControlPlane, ControlPlaneArgs
from exoscale_sks.drain import Drain, DrainArgs
from exoscale_sks.firewall import Firewall, FirewallArgs
from exoscale_sks.identity import Identity
from exoscale_sks.nodepool import Nodepool, NodepoolArgs
from exoscale_sks.nodepool_sweep import NodepoolSweep, NodepoolSweepArgs
from exoscale_sks.stack_id import StackId, StackIdArgs

ZONE = "at-vie-1"
identity = Identity(pulumi.get_project(), pulumi.get_stack(), owner="platform")

# The first to be created and the last to be deleted: it deletes what carries the stack's id and no state knows.
stack_id = StackId("stack", StackIdArgs(identity, ZONE))
who = stack_id.identity(identity)

control_plane = ControlPlane("cluster", ControlPlaneArgs(who, ZONE, cni="cilium"))
firewall = Firewall("nodes", FirewallArgs(who, ZONE, cni="cilium", open_node_ports=False))
sweep = NodepoolSweep(
    "nodepools",
    NodepoolSweepArgs(who, ZONE, control_plane.cluster_id),
    pulumi.ResourceOptions(depends_on=[firewall]),
)
pools = [
    Nodepool(name, NodepoolArgs(who, sweep.cluster_id, ZONE, 1, "standard.small", 50, [firewall.security_group_id]))
    for name in ("blue", "green")
]

# The last to be created and the first to be deleted: it takes load balancers and volumes out of the cluster.
Drain(
    "drain",
    DrainArgs(who, ZONE, control_plane.cluster_id, [pool.instance_pool_id for pool in pools], on_destroy="delete"),
    pulumi.ResourceOptions(depends_on=pools),
)
pulumi.export("endpoint", control_plane.endpoint)
