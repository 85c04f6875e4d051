"""A cluster whose destroy leaves nothing behind that costs money, and touches nothing of anybody else's."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from weakref import WeakSet

import pulumi
import pulumi_kubernetes as kubernetes
from pulumi.runtime.settings import get_monitor

from .anti_affinity import AntiAffinity, AntiAffinityArgs
from .balancer_policy import BalancerPolicy, BalancerPolicyArgs
from .cluster_args import ClusterArgs
from .component import Component
from .control_plane import ControlPlane, ControlPlaneArgs
from .drain import Drain, DrainArgs, SecondDrain, UnfinishedDrain
from .firewall import Firewall, FirewallArgs
from .ingress.host import TrafficPool
from .ingress.service import exoscale_annotations
from .kubeconfig import Kubeconfig, KubeconfigArgs
from .kubernetes_provider import kubernetes_provider
from .load_balancer import LoadBalancer, LoadBalancerArgs
from .machines import Machines, MachinesArgs, PoolOfMachines
from .nodepool import Nodepool, NodepoolArgs
from .nodepool_sweep import NodepoolSweep, NodepoolSweepArgs
from .pool_args import PoolArgs
from .program_kubeconfig import ProgramKubeconfig, ProgramKubeconfigArgs
from .reporting import monthly_cost, report
from .stack_id import StackId, StackIdArgs
from .teardown.changes import MANAGED, NO_BALANCER
from .teardown.cloud.stack_ref import INGRESS, MADE_BY_CCM

_runs_with_one: WeakSet[Any] = WeakSet()  # by their connection to the engine; one process may run several programs


class Cluster(Component):
    """An SKS cluster: control plane, firewall, nodepools, kubeconfig, load balancer, and the steps of a safe destroy.

    A destroy first drains the cluster: it deletes whatever its users created that costs money. Then it deletes the
    parts, each after its dependents, and finally sweeps up what is missing from the state. A stack holds one Cluster,
    because names, labels and the final sweep are per stack.

    To install something into the cluster, use `provider`, depend on `foundations`, and pass it to `drain_before` if a
    destroy has to drain the cluster before deleting it, such as a Helm release. An IngressController does all of this
    by itself.

    Args:
        name: name of the component.
        args: arguments of the cluster. Default: `ClusterArgs()`.
        opts: options of the component.

    Raises:
        RunError: the program has another Cluster.
    """

    cluster_id: pulumi.Output[str]
    """Id of the SKS cluster; changes when the cluster is replaced."""
    endpoint: pulumi.Output[str]
    """URL of the Kubernetes API."""
    kubeconfig: pulumi.Output[str]
    """The kubeconfig for people, as YAML; a secret."""
    kubeconfig_path: pulumi.Output[str]
    """Path of the kubeconfig file, known once it is written."""
    nodepools: pulumi.Output[dict[str, Any]]
    """By nodepool name: `id`, `instance-pool-id`, `size`, `instance-type`, `disk-size-gb` of the running machines."""
    monthly_cost: pulumi.Output[str]
    """Monthly cost of the running machines, the control plane and the load balancer, in words."""

    def __init__(self, name: str, args: ClusterArgs | None = None, opts: pulumi.ResourceOptions | None = None) -> None:
        _refuse_a_second_one(name)
        super().__init__("Cluster", name, opts)
        self._args = args = args or ClusterArgs()
        self._inside: list[pulumi.Resource] = []
        self._is_settled = False
        zone, child = args.zone, pulumi.ResourceOptions(parent=self)
        managed = args.load_balancer == MANAGED
        if args.load_balancer != NO_BALANCER and not args.open_node_ports:
            pulumi.warn("open-node-ports is false: the NLB cannot reach the ingress controller's nodes", self)

        stack_id = StackId("stack", StackIdArgs(args.identity, zone, args.organization, args.chosen), child)
        self._who = who = stack_id.identity(args.identity)
        control_plane = ControlPlane(
            "cluster",
            ControlPlaneArgs(
                who, zone, level=args.level, cni=args.cni, version=args.kubernetes, csi=args.csi, ttl=args.ttl
            ),
            child,
        )
        firewall = Firewall("nodes", FirewallArgs(who, zone, args.cni, args.open_node_ports), child)
        groups = {
            pool: AntiAffinity(pool, AntiAffinityArgs(who, pool), child)
            for pool, chosen in args.nodepools.items()
            if chosen.anti_affinity
        }
        sweep = NodepoolSweep(
            "nodepools",
            NodepoolSweepArgs(who, zone, control_plane.cluster_id),
            pulumi.ResourceOptions(parent=self, depends_on=[firewall, *groups.values()]),
        )
        drain = DrainArgs(
            who,
            zone,
            control_plane.cluster_id,
            load_balancers=[who.name(INGRESS)] if managed else [],
            on_destroy=args.on_destroy,
            wait_seconds=args.drain_wait_seconds,
        )
        unfinished = UnfinishedDrain("unfinished-drain", drain, pulumi.ResourceOptions(parent=self, depends_on=[sweep]))
        self._pools = self._nodepools(unfinished.before(sweep.cluster_id), firewall, groups)
        running = self._machines(control_plane).running
        kubeconfig = self._kubeconfig(control_plane)
        programs = ProgramKubeconfig(
            "programs", ProgramKubeconfigArgs(who, zone, control_plane.cluster_id, kubeconfig.content), child
        )
        # Every setting that replaces the cluster is part of the provider's identifier of it (docs/adr/0004).
        self.provider: kubernetes.Provider = kubernetes_provider(
            "cluster", programs.content, f"{zone} {args.level} {args.cni}", self
        )
        drain = replace(drain, instance_pool_ids=[pool.instance_pool_id for pool in self._pools.values()])
        second_drain = SecondDrain("second-drain", drain, child)
        self._balancer = LoadBalancer(INGRESS, LoadBalancerArgs(who, zone, after=[sweep]), child) if managed else None
        self.foundations: Sequence[pulumi.Resource] = [second_drain, *([self._balancer] if self._balancer else [])]
        """Resources that have to outlive everything in the cluster."""
        self.cluster_id = control_plane.cluster_id
        policies = [self._policy(self._balancer)] if self._balancer else []

        self.endpoint = control_plane.endpoint
        self.kubeconfig = kubeconfig.content
        self.kubeconfig_path = kubeconfig.path
        self.nodepools = pulumi.Output.from_input(
            {pool: report(pool, args.nodepools[pool], made, running) for pool, made in self._pools.items()}
        )
        self.monthly_cost = running.apply(lambda found: monthly_cost(args, found))
        self.register_outputs(
            {
                "cluster_id": self.cluster_id,
                "endpoint": self.endpoint,
                "kubeconfig": self.kubeconfig,
                "kubeconfig_path": self.kubeconfig_path,
                "nodepools": self.nodepools,
                "monthly_cost": self.monthly_cost,
            }
        )
        # The drain is not a child of the component: whatever depends on a Cluster is created after all of its children,
        # and the drain has to be created after that.
        inside = self._settled()
        Drain(
            "drain",
            replace(drain, releases=inside.apply(lambda resources: len(resources) > 0)),
            pulumi.ResourceOptions(
                parent=opts.parent if opts else None,
                depends_on=inside.apply(lambda resources: [second_drain, kubeconfig, *policies, *resources]),
            ),
        )

    @property
    def annotations(self) -> dict[str, pulumi.Input[str]]:
        """Annotations of the ingress controller's Service. See IngressHost."""
        if self._args.load_balancer == NO_BALANCER:
            return {}
        return exoscale_annotations(
            name=self._who.name(INGRESS if self._balancer else MADE_BY_CCM),
            description=self._who.describe("Load balancer"),
            instance_pool_id=self._pools[self._args.traffic_pool].instance_pool_id,
            load_balancer_id=self._balancer.load_balancer_id if self._balancer else None,
        )

    @property
    def address(self) -> pulumi.Output[str] | None:
        """IPv4 address of the managed load balancer. See IngressHost."""
        return self._balancer.ip_address if self._balancer else None

    @property
    def traffic_pool(self) -> TrafficPool:
        """The nodepool that gets the ingress controller's traffic. See IngressHost."""
        name = self._args.traffic_pool
        pool, size = self._pools[name], self._args.nodepools[name].initial_size
        return TrafficPool(self._who, self._args.zone, name, pool.nodepool_id, pool.instance_pool_id, size)

    @property
    def pools(self) -> Mapping[str, PoolArgs]:
        """The nodepools by name. See LonghornHost."""
        return self._args.nodepools

    def drain_before(self, *resources: pulumi.Resource) -> None:
        """On a destroy, drain the cluster before deleting these resources. If the drain then refuses because of users'
        volumes, nothing has been deleted yet.

        Args:
            resources: resources installed into the cluster.

        Raises:
            RunError: it was called after the program's end, for example inside an `apply`.
        """
        if self._is_settled:
            raise pulumi.RunError(f"drain_before of cluster {self._name} was called inside an apply: call it outside")
        self._inside += resources

    def _settled(self) -> pulumi.Output[Sequence[pulumi.Resource]]:
        """Returns the resources passed by the program. Its event loop runs no task before the program has ended."""

        async def settled() -> Sequence[pulumi.Resource]:
            self._is_settled = True
            return self._inside

        return pulumi.Output.from_input(settled())

    def _nodepools(
        self, cluster_id: pulumi.Output[str], firewall: Firewall, groups: Mapping[str, AntiAffinity]
    ) -> dict[str, Nodepool]:
        def made(name: str, pool: PoolArgs) -> Nodepool:
            args = NodepoolArgs(
                self._who,
                cluster_id,
                self._args.zone,
                size=pool.initial_size,
                instance_type=pool.instance_type,
                disk_size_gb=pool.disk_size_gb,
                security_group_ids=[firewall.security_group_id],
                instance_prefix=pool.instance_prefix,
                anti_affinity_group_ids=[groups[name].group_id] if name in groups else [],
                labels=pool.labels,
                taints=pool.taints,
                keeps_size=not pool.bounds,
            )
            return Nodepool(name, args, pulumi.ResourceOptions(parent=self))

        return {name: made(name, pool) for name, pool in self._args.nodepools.items()}

    def _kubeconfig(self, control_plane: ControlPlane) -> Kubeconfig:
        access = self._args.access
        args = KubeconfigArgs(
            self._who,
            control_plane.cluster_id,
            self._args.zone,
            file=self._args.kubeconfig_file,
            user=access.user,
            groups=access.groups,
            ttl_seconds=access.ttl_seconds,
            early_renewal_seconds=access.renewal_seconds,
        )
        return Kubeconfig("access", args, pulumi.ResourceOptions(parent=self))

    def _policy(self, balancer: LoadBalancer) -> BalancerPolicy:
        name = self._who.name(INGRESS)
        return BalancerPolicy(
            INGRESS,
            BalancerPolicyArgs(balancer.load_balancer_id, name, INGRESS, self.cluster_id),
            pulumi.ResourceOptions(parent=self, providers=[self.provider]),
        )

    def _machines(self, control_plane: ControlPlane) -> Machines:
        described = {
            name: PoolOfMachines(
                self._pools[name].instance_pool_id,
                pool.instance_type,
                pool.disk_size_gb,
                pool.labels,
                pool.taints,
                pool.initial_size,
                pool.bounds,
            )
            for name, pool in self._args.nodepools.items()
        }
        args = MachinesArgs(self._who, self._args.zone, control_plane.cluster_id, described)
        return Machines("machines", args, pulumi.ResourceOptions(parent=self))


def _refuse_a_second_one(name: str) -> None:
    monitor: Any = get_monitor()
    if monitor in _runs_with_one:
        raise pulumi.RunError(
            f"Cluster {name} is the program's second, and a stack has one: names, labels and the last sweep go by the "
            "stack. Next: give it a program or a stack of its own"
        )
    _runs_with_one.add(monitor)
