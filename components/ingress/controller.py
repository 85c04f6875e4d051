"""An ingress controller in a namespace of its own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes

from ..checks import DAY, Checks
from ..component import Component
from ..pool_args import NAME
from ..steps import IngressPodsStep
from .controllers import CONTROLLERS
from .host import IngressHost
from .service import Chart, Controller, on_pool


@dataclass(frozen=True)
class IngressControllerArgs:
    """Arguments of an IngressController.

    Args:
        controller: `nginx`, `traefik` or `ingress-nginx`, or a Controller of one's own.
        ingress_class: name of its IngressClass.
        chart: what to install instead of the official chart.
        timeout_seconds: how long Helm waits at install for pods and address, and at uninstall for them to go; and how
            long a pod in the pool is waited for. Keep it short: with a dead cloud controller manager every uninstall
            takes that long.

    Raises:
        Invalid: lists every argument that cannot work, one per line.
    """

    controller: str | Controller = "nginx"
    ingress_class: str = "nginx"
    chart: Chart | None = None
    timeout_seconds: int = 180

    def __post_init__(self) -> None:
        checks = Checks()
        if isinstance(self.controller, str):
            checks.one_of("controller", self.controller, CONTROLLERS)
        checks.form("ingress_class", self.ingress_class, NAME)
        checks.number("timeout_seconds", self.timeout_seconds, 1, DAY)
        checks.finish()

    @property
    def kind(self) -> Controller:
        """What turns the arguments into the values of a chart."""
        return CONTROLLERS[self.controller] if isinstance(self.controller, str) else self.controller

    @property
    def installed_chart(self) -> Chart:
        """The chart that is installed."""
        return self.chart or self.kind.chart


class IngressController(Component):
    """A Helm release that serves Ingresses on every node, behind a Service of type LoadBalancer.

    Release and namespace are called as the component.

    Args:
        name: of the component.
        cluster: where it is installed: a Cluster, a LocalCluster or an OtherCluster.
        args: which controller, and how.
        opts: of the component.
    """

    address: pulumi.Output[str]
    """Where the controller is reached."""
    release: kubernetes.helm.v3.Release
    """The release, for what has to be removed before it."""
    status: pulumi.Output[str]
    """Helm's word for the release, such as `deployed`; that it is `failed` is an error of the run."""

    def __init__(
        self,
        name: str,
        cluster: IngressHost,
        args: IngressControllerArgs | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        args = args or IngressControllerArgs()
        inside = pulumi.ResourceOptions(providers=[cluster.provider], depends_on=[*cluster.foundations])
        super().__init__("IngressController", name, pulumi.ResourceOptions.merge(inside, opts))
        child_opts = pulumi.ResourceOptions(parent=self)
        if args.kind.retired:
            pulumi.warn(args.kind.retired, resource=self)

        chart, pool, address = args.installed_chart, cluster.traffic_pool, cluster.address
        self.release = kubernetes.helm.v3.Release(
            f"{name}-release",
            name=name,
            # Before it deletes a cluster to replace it, the engine asks each dependent whether an unknown value in
            # place of the cluster's would replace it too. A namespace that comes from the cluster's id says yes, so
            # the release is uninstalled while the old cluster still answers (docs/adr/0004).
            namespace=cluster.cluster_id.apply(lambda _: name),
            create_namespace=True,
            chart=chart.name,
            repository_opts=kubernetes.helm.v3.RepositoryOptsArgs(repo=chart.repository),
            version=chart.version,
            values=args.kind.values(
                name, args.ingress_class, cluster.annotations, on_pool(pool.nodepool_id) if pool else {}
            ),
            timeout=args.timeout_seconds,
            # Another chart is another controller: both cannot hold the ingress class and the NLB's ports at a time. And
            # a Service that is merely led to another NLB leaves the one that the CCM made for it to nobody.
            opts=pulumi.ResourceOptions.merge(
                child_opts,
                pulumi.ResourceOptions(
                    replace_on_changes=["chart"],
                    replacement_trigger="ccm" if address is None else "managed",
                    delete_before_replace=True,
                ),
            ),
        )

        if pool:
            IngressPodsStep(
                f"{name}-pods",
                pool.identity,
                pool.zone,
                cluster.cluster_id,
                namespace=name,
                chart=f"{chart.name} {chart.version or ''}".strip(),
                nodepool=pool.name,
                instance_pool_id=pool.instance_pool_id,
                size=pool.size,
                wait_seconds=args.timeout_seconds,
                # Helm is content with a DaemonSet that no node takes a pod of.
                opts=pulumi.ResourceOptions.merge(child_opts, pulumi.ResourceOptions(depends_on=[self.release])),
            )
        self.address = self._address_of_service(name, child_opts) if address is None else address
        self.status = self.release.status.apply(lambda status: installed(status, f"{name}-release"))
        self.register_outputs({"address": self.address, "release": self.release, "status": self.status})
        cluster.drain_before(self.release)  # the look for its pods goes on beside the drain's creation

    def _address_of_service(self, name: str, child_opts: pulumi.ResourceOptions) -> pulumi.Output[str]:
        # The id comes out of the installed release, so there is nothing to read before Helm has seen the address; an
        # id makes no edge of the graph, though.
        service = kubernetes.core.v1.Service.get(
            f"{name}-service",
            self.release.resource_names.apply(lambda names: service_id(names, name)),
            opts=pulumi.ResourceOptions.merge(child_opts, pulumi.ResourceOptions(depends_on=[self.release])),
        )
        return service.status.apply(ingress_ip)


def installed(status: Mapping[str, str] | None, name: str) -> str:
    """Helm's word for a release that is not failed, such as `deployed`; empty where there is none, as under mocks.

    Args:
        name: the release's in the stack.

    Raises:
        RunError: its last install or upgrade failed. The run in which that happens says so itself; but a
            refresh makes Pulumi forget it, and the run after that would find nothing to do and end well.
    """
    known = status or {}
    if known.get("status") == "failed":
        raise pulumi.RunError(
            f"the Helm release {known['namespace']}/{known['name']} is as its last install or upgrade left it: failed. "
            f"Next: `pulumi up --replace '**::{name}'` installs it anew"
        )
    return known.get("status", "")


def service_id(resource_names: Mapping[str, Sequence[str]] | None, namespace: str) -> str:
    """The `namespace/name` of the release's main Service.

    The plugin lists a resource by its bare name where the chart's template sets no namespace. Charts call their other
    Services (webhook, metrics) like the main one with something appended, so it is the shortest.

    Raises:
        RunError: the chart has no Service.
    """
    services = (resource_names or {}).get("Service/v1", ())
    if not services:
        raise pulumi.RunError("the ingress controller's chart installed no Service, so it has no address")
    main = min(services, key=len)
    return main if "/" in main else f"{namespace}/{main}"


def ingress_ip(status: Any) -> str:
    """The first address in a Service's status.

    Raises:
        RunError: it has none. Helm ends no install before there is one, but an install that failed over it is no longer
            failed after a refresh (Pulumi forgets that).
    """
    ingress = status.load_balancer.ingress if status.load_balancer else None
    if not ingress:
        raise pulumi.RunError(
            "the ingress controller's Service has no address: the cloud controller manager has given it no NLB. Next: "
            "`kubectl get events -A` says why; `pulumi up` again when it has one"
        )
    ip: str = ingress[0].ip
    return ip
