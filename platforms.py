"""Where the cluster runs: the graph on Exoscale, and the one on this machine. Both end in the same Platform."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes

from components.anti_affinity import AntiAffinity, AntiAffinityArgs
from components.balancer_policy import BalancerPolicy, BalancerPolicyArgs
from components.control_plane import ControlPlane, ControlPlaneArgs
from components.drain import DrainArgs, SecondDrain, UnfinishedDrain
from components.firewall import Firewall, FirewallArgs
from components.identity import Identity
from components.ingress import CONTROLLERS, TrafficPool, exoscale_annotations
from components.kubeconfig import Kubeconfig, KubeconfigArgs
from components.load_balancer import LoadBalancer, LoadBalancerArgs
from components.local_cluster import LocalCluster, LocalClusterArgs
from components.machines import Machines, MachinesArgs, PoolOfMachines
from components.nodepool import Nodepool, NodepoolArgs
from components.nodepool_sweep import NodepoolSweep, NodepoolSweepArgs
from components.program_kubeconfig import ProgramKubeconfig, ProgramKubeconfigArgs
from components.stack_id import StackId, StackIdArgs
from components.teardown.changes import NO_BALANCER, Chosen
from components.teardown.cloud.stack_ref import INGRESS, MADE_BY_CCM
from configuration.settings import IngressSettings, Settings
from reporting import monthly_cost, report


@dataclass(frozen=True)
class Platform:
    """A running cluster, as the ingress controller and the outputs need it.

    Args:
        endpoint: URL of the Kubernetes API.
        kubeconfig: kubeconfig for people; a secret.
        kubeconfig_path: file that holds it.
        provider: access for what this program puts into the cluster.
        cluster_id: changes when the cluster is another one.
        nodes: what has to outlive everything in the cluster.
        monthly_cost: what it costs, in words.
        nodepools: what is reported of each nodepool.
        annotations: annotations of the ingress controller's Service.
        address: where the ingress controller is reached; None: only its Service will tell.
        pool: the nodes that the ingress controller's traffic is sent to; None where they are not chosen.
        drain: what has to be taken out of the cluster before it is destroyed; None where nothing outlives it.
    """

    endpoint: pulumi.Output[str]
    kubeconfig: pulumi.Output[str]
    kubeconfig_path: pulumi.Output[str]
    provider: kubernetes.Provider
    cluster_id: pulumi.Output[str]
    nodes: Sequence[pulumi.Resource]
    monthly_cost: pulumi.Input[str]
    nodepools: Mapping[str, Any] = field(default_factory=dict)
    annotations: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    address: pulumi.Input[str] | None = None
    pool: TrafficPool | None = None
    drain: DrainArgs | None = None


def on_exoscale(settings: Settings) -> Platform:
    """Control plane, firewall, nodepools, kubeconfig and the load balancer of the ingress controller."""
    zone, ingress = settings.zone, settings.ingress
    first = StackId("stack", StackIdArgs(settings.identity, zone, settings.organization, _chosen(settings)))
    who = first.identity(settings.identity)
    if ingress and not settings.open_node_ports:
        pulumi.warn("firewall.open-node-ports is false: the NLB cannot reach the ingress controller's nodes")
    control_plane = ControlPlane(
        "cluster",
        ControlPlaneArgs(
            who, zone, level=settings.level, cni=settings.cni, version=settings.version, csi=settings.storage.csi
        ),
    )
    firewall = Firewall("nodes", FirewallArgs(who, zone, settings.cni, settings.open_node_ports))
    groups = {
        name: AntiAffinity(name, AntiAffinityArgs(who, name))
        for name, pool in settings.nodepools.items()
        if pool.anti_affinity
    }
    sweep = NodepoolSweep(
        "nodepools",
        NodepoolSweepArgs(who, zone, control_plane.cluster_id, after=[firewall, *groups.values()]),
    )
    drain = DrainArgs(
        who,
        zone,
        control_plane.cluster_id,
        load_balancers=[who.name(INGRESS)] if ingress and ingress.load_balancer == "managed" else [],
        on_destroy=settings.storage.on_destroy,
        wait_seconds=settings.drain_wait_seconds,
    )
    unfinished = UnfinishedDrain("unfinished-drain", drain, pulumi.ResourceOptions(depends_on=[sweep]))
    pools = {
        name: Nodepool(
            name,
            NodepoolArgs(
                who,
                unfinished.before(control_plane.cluster_id),
                zone,
                size=pool.size,
                instance_type=pool.instance_type,
                disk_size_gb=pool.disk_size_gb,
                security_group_ids=[firewall.security_group_id],
                instance_prefix=pool.instance_prefix,
                anti_affinity_group_ids=[groups[name].group_id] if name in groups else [],
                labels=pool.labels,
                taints=pool.taints,
                keeps_size=not pool.bounds,
                after=[sweep],
            ),
        )
        for name, pool in settings.nodepools.items()
    }
    running = _machines(who, settings, control_plane, pools).running
    access = settings.kubeconfig
    kubeconfig = Kubeconfig(
        "access",
        KubeconfigArgs(
            who,
            control_plane.cluster_id,
            zone,
            file=access.file,
            user=access.user,
            groups=access.groups,
            ttl_seconds=access.ttl_seconds,
            early_renewal_seconds=access.early_renewal_seconds,
        ),
    )
    programs = ProgramKubeconfig(
        "programs", ProgramKubeconfigArgs(who, zone, control_plane.cluster_id, kubeconfig.content)
    )
    drain = replace(drain, instance_pool_ids=[pool.instance_pool_id for pool in pools.values()])
    second_drain = SecondDrain("second-drain", drain)
    provider = _provider(
        programs.content,
        # What a change of replaces the cluster, see docs/adr/0004.
        f"{zone} {settings.level} {settings.cni}",
    )
    balancer, inside = None, []
    if ingress and ingress.load_balancer == "managed":
        balancer = LoadBalancer(INGRESS, LoadBalancerArgs(who, zone, after=[sweep]))
        policy = BalancerPolicyArgs(balancer.load_balancer_id, who.name(INGRESS), INGRESS, control_plane.cluster_id)
        inside = [BalancerPolicy(INGRESS, policy, pulumi.ResourceOptions(providers=[provider]))]
    return Platform(
        endpoint=control_plane.endpoint,
        kubeconfig=kubeconfig.content,
        kubeconfig_path=kubeconfig.path,
        provider=provider,
        cluster_id=control_plane.cluster_id,
        nodes=[second_drain, *([balancer] if balancer else [])],
        monthly_cost=running.apply(lambda found: monthly_cost(settings, found)),
        nodepools={name: report(name, settings.nodepools[name], pool, running) for name, pool in pools.items()},
        annotations=_annotations(who, ingress, pools, balancer) if ingress else {},
        address=balancer.ip_address if balancer else None,
        pool=_traffic_pool(who, settings, pools),
        drain=replace(drain, releases=ingress is not None, after=[second_drain, kubeconfig, *inside]),
    )


def on_k3d(settings: Settings) -> Platform:
    """A cluster in Docker; k3d itself answers the ingress controller's port 80 on this machine."""
    cluster = LocalCluster(
        "local",
        LocalClusterArgs(
            settings.identity,
            settings.identity.name("k3d"),
            file=settings.kubeconfig.file,
            api_port=settings.k3d.api_port,
            http_port=settings.k3d.http_port,
        ),
    )
    return Platform(
        endpoint=cluster.endpoint,
        kubeconfig=cluster.kubeconfig,
        kubeconfig_path=cluster.kubeconfig_path,
        provider=_provider(cluster.kubeconfig, settings.identity.name("k3d")),
        cluster_id=cluster.cluster_id,
        nodes=[cluster],
        monthly_cost="nothing: it runs on this machine",
        address=f"localhost:{settings.k3d.http_port}",
    )


def _provider(kubeconfig: pulumi.Output[str], cluster: str) -> kubernetes.Provider:
    # The identifier keeps a renewed kubeconfig from replacing all that is in the cluster, and the trigger does so when
    # the cluster is another one. What the identifier said at first, it says for ever: earlier programs put the stack's
    # name into it, and a stack may be renamed. Never delete_unreachable: the plugin takes a refused credential for an
    # unreachable cluster and would forget what lives (docs/plugins.md, Unreachable clusters).
    return kubernetes.Provider(
        "cluster",
        kubeconfig=kubeconfig,
        cluster_identifier=cluster,
        opts=pulumi.ResourceOptions(ignore_changes=["clusterIdentifier"], replacement_trigger=cluster),
    )


def _chosen(settings: Settings) -> Chosen:
    ingress = settings.ingress
    return Chosen(
        zone=settings.zone,
        level=settings.level,
        cni=settings.cni,
        protect=settings.protect,
        nodepools={name: None if pool.bounds else pool.size for name, pool in settings.nodepools.items()},
        load_balancer=ingress.load_balancer if ingress else NO_BALANCER,
        ingress_nodepool=ingress.nodepool if ingress else "",
        chart=(ingress.chart or CONTROLLERS[ingress.controller].chart).name if ingress else "",
        on_destroy=settings.storage.on_destroy,
    )


def _annotations(
    who: Identity, ingress: IngressSettings, pools: Mapping[str, Nodepool], balancer: LoadBalancer | None
) -> dict[str, pulumi.Input[str]]:
    return exoscale_annotations(
        name=who.name(INGRESS if balancer else MADE_BY_CCM),
        description=who.describe("Load balancer"),
        instance_pool_id=pools[ingress.nodepool].instance_pool_id,
        load_balancer_id=balancer.load_balancer_id if balancer else None,
    )


def _traffic_pool(who: Identity, settings: Settings, pools: Mapping[str, Nodepool]) -> TrafficPool | None:
    if settings.ingress is None:
        return None
    name = settings.ingress.nodepool
    pool = pools[name]
    return TrafficPool(who, settings.zone, name, pool.nodepool_id, pool.instance_pool_id, settings.nodepools[name].size)


def _machines(who: Identity, settings: Settings, cluster: ControlPlane, pools: Mapping[str, Nodepool]) -> Machines:
    described = {
        name: PoolOfMachines(
            pools[name].instance_pool_id,
            pool.instance_type,
            pool.disk_size_gb,
            pool.labels,
            pool.taints,
            pool.size,
            pool.bounds,
        )
        for name, pool in settings.nodepools.items()
    }
    return Machines("machines", MachinesArgs(who, settings.zone, cluster.cluster_id, described))
