"""An ingress controller in a namespace of its own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes

from ..checks import DAY, NOT_EMPTY, Checks
from ..component import Component
from ..pool_args import NAME
from ..release import within
from ..steps import IngressPodsStep
from .controllers import CONTROLLERS
from .gateway_api import STANDARD, install
from .host import IngressHost
from .service import Chart, Controller, on_pool
from .traefik import Traefik


@dataclass(frozen=True)
class IngressControllerArgs:
    """Arguments of an IngressController.

    Args:
        controller: `nginx`, `traefik` or `ingress-nginx`, or your own Controller.
        ingress_class: name of its IngressClass.
        chart: chart to install instead of the official one.
        timeout_seconds: how long an install waits for pods and address, an uninstall for their removal, and the
            check for a ready pod in the pool. Keep it short: with a dead cloud controller manager every uninstall
            takes that long.
        gateway_api: whether it serves the Gateway API beside Ingresses; `traefik` only.
        gateway_api_crds: address or path of the Gateway API's definitions, which are installed before the controller.

    Raises:
        Invalid: lists every argument that cannot work, one per line.
    """

    controller: str | Controller = "nginx"
    ingress_class: str = "nginx"
    chart: Chart | None = None
    timeout_seconds: int = 180
    gateway_api: bool = False
    gateway_api_crds: str = STANDARD

    def __post_init__(self) -> None:
        checks = Checks()
        if isinstance(self.controller, str):
            checks.one_of("controller", self.controller, CONTROLLERS)
        if checks.switch("gateway_api", self.gateway_api) and self.gateway_api and not self._knows_gateways:
            checks.refuse("gateway_api", True, "false, unless the controller is traefik")
        checks.form("gateway_api_crds", self.gateway_api_crds, NOT_EMPTY)
        checks.form("ingress_class", self.ingress_class, NAME)
        checks.number("timeout_seconds", self.timeout_seconds, 1, DAY)
        checks.finish()

    @property
    def kind(self) -> Controller:
        """The controller, which turns the arguments into the values of a chart."""
        kind = CONTROLLERS[self.controller] if isinstance(self.controller, str) else self.controller
        return replace(kind, gateway=self.gateway_api) if isinstance(kind, Traefik) else kind

    @property
    def _knows_gateways(self) -> bool:
        return self.controller == "traefik" or isinstance(self.controller, Traefik)

    @property
    def installed_chart(self) -> Chart:
        """The chart to install."""
        return self.chart or self.kind.chart


class IngressController(Component):
    """A Helm release that serves Ingresses on every node, behind a Service of type LoadBalancer.

    Release and namespace have the component's name.

    Args:
        name: component name; also the name of release and namespace.
        cluster: cluster to install into: a Cluster, a LocalCluster or an OtherCluster.
        args: which controller to install, and how.
        opts: component options.
    """

    address: pulumi.Output[str]
    """Address at which the controller is reached."""
    release: kubernetes.helm.v3.Release
    """The release; depend on it with whatever has to be removed before it."""
    status: pulumi.Output[str]
    """Helm's status of the release, such as `deployed`; `failed` is an error of the run."""

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
        definitions = install(name, args.gateway_api_crds, cluster, child_opts) if args.gateway_api else []
        self.release = kubernetes.helm.v3.Release(
            f"{name}-release",
            name=name,
            namespace=within(cluster, name),
            create_namespace=True,
            chart=chart.name,
            repository_opts=kubernetes.helm.v3.RepositoryOptsArgs(repo=chart.repository),
            version=chart.version,
            values=args.kind.values(
                name, args.ingress_class, cluster.annotations, on_pool(pool.nodepool_id) if pool else {}
            ),
            timeout=args.timeout_seconds,
            # Another chart is another controller, and two cannot hold the ingress class and the NLB's ports at once.
            # Also, if a Service only switched to another NLB, nobody would delete the one that the CCM made for it.
            opts=pulumi.ResourceOptions.merge(
                child_opts,
                pulumi.ResourceOptions(
                    depends_on=definitions,
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
                ingress_class=args.ingress_class,
                nodepool=pool.name,
                instance_pool_id=pool.instance_pool_id,
                size=pool.size,
                wait_seconds=args.timeout_seconds,
                # Helm accepts a DaemonSet without a single pod.
                opts=pulumi.ResourceOptions.merge(child_opts, pulumi.ResourceOptions(depends_on=[self.release])),
            )
        self.address = self._address_of_service(name, child_opts) if address is None else address
        self.status = self.release.status.apply(lambda status: installed(status, f"{name}-release"))
        self.register_outputs({"address": self.address, "release": self.release, "status": self.status})
        cluster.drain_before(self.release)  # the check for its pods runs while the drain is created

    def _address_of_service(self, name: str, child_opts: pulumi.ResourceOptions) -> pulumi.Output[str]:
        # The id comes from the installed release, so nothing is read before Helm has seen the address. But an id
        # adds no dependency to the graph.
        service = kubernetes.core.v1.Service.get(
            f"{name}-service",
            self.release.resource_names.apply(lambda names: service_id(names, name)),
            opts=pulumi.ResourceOptions.merge(child_opts, pulumi.ResourceOptions(depends_on=[self.release])),
        )
        return service.status.apply(ingress_ip)


def installed(status: Mapping[str, str] | None, name: str) -> str:
    """Returns Helm's status of a release that has not failed, such as `deployed`; empty if it is missing, as in mocks.

    Args:
        name: the release's resource name.

    Raises:
        RunError: its last install or upgrade failed. The run in which that happens reports it; but after a refresh
            Pulumi has forgotten it, and the next run would find nothing to do and succeed.
    """
    known = status or {}
    if known.get("status") == "failed":
        raise pulumi.RunError(
            f"the Helm release {known['namespace']}/{known['name']} is as its last install or upgrade left it: failed. "
            f"Next: `pulumi up --replace '**::{name}'` installs it anew"
        )
    return known.get("status", "")


def service_id(resource_names: Mapping[str, Sequence[str]] | None, namespace: str) -> str:
    """Returns the `namespace/name` of the release's main Service.

    The plugin lists a resource by its bare name if the chart's template sets no namespace. Charts name their other
    Services (webhook, metrics) after the main one with a suffix, so the main one has the shortest name.

    Raises:
        RunError: the chart has no Service.
    """
    services = (resource_names or {}).get("Service/v1", ())
    if not services:
        raise pulumi.RunError("the ingress controller's chart installed no Service, so it has no address")
    main = min(services, key=len)
    return main if "/" in main else f"{namespace}/{main}"


def ingress_ip(status: Any) -> str:
    """Returns the first address in a Service's status.

    Raises:
        RunError: it has none. Helm's install waits for one, but after a refresh Pulumi has forgotten that an install
            failed without it.
    """
    ingress = status.load_balancer.ingress if status.load_balancer else None
    if not ingress:
        raise pulumi.RunError(
            "the ingress controller's Service has no address: the cloud controller manager has given it no NLB. Next: "
            "`kubectl get events -A` says why; `pulumi up` again when it has one"
        )
    ip: str = ingress[0].ip
    return ip
