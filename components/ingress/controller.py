"""An ingress controller in a namespace of its own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes

from ..identity import Identity
from ..steps import IngressPodsStep
from .service import Annotations, Chart, Controller, on_pool


@dataclass(frozen=True)
class TrafficPool:
    """The nodepool that the load balancer sends the controller's traffic to.

    Args:
        identity: whose it is, with a StackId's id.
        zone: Exoscale zone of the cluster.
        name: what the settings call the pool.
        nodepool_id: SKS nodepool.
        instance_pool_id: the instance pool behind it.
        size: how many nodes it is to have; with another number the pods are looked for again.
    """

    identity: Identity
    zone: str
    name: str
    nodepool_id: pulumi.Input[str]
    instance_pool_id: pulumi.Input[str]
    size: pulumi.Input[int]


@dataclass(frozen=True)
class IngressControllerArgs:
    """Arguments of an IngressController.

    Args:
        controller: which one.
        ingress_class: name of its IngressClass.
        annotations: annotations of its Service.
        address: the load balancer's address where it is known beforehand; None reads it from the Service, when the
            cloud controller manager has put it there. Whether it is given says whose the load balancer is: when that
            changes, the release is installed anew.
        chart: what to install instead of the official chart.
        pool: where the pods run, whatever taints it has; that none gets ready there is an error. None leaves the place
            to the chart.
        cluster_id: id of the cluster; before it is replaced, the release is uninstalled from it.
        timeout_seconds: how long Helm waits at install for pods and address, and at uninstall for them to go; and how
            long a pod in the pool is waited for. Keep it short: with a dead cloud controller manager every uninstall
            takes that long.
        after: resources that have to outlive the controller, such as the nodepools it runs on.
    """

    controller: Controller
    ingress_class: str
    annotations: Annotations = field(default_factory=dict)
    address: pulumi.Input[str] | None = None
    chart: Chart | None = None
    pool: TrafficPool | None = None
    cluster_id: pulumi.Input[str] = ""
    timeout_seconds: int = 180
    after: Sequence[pulumi.Resource] = ()


class IngressController(pulumi.ComponentResource):
    """A Helm release that serves Ingresses on every node, behind a Service of type LoadBalancer.

    Give it the cluster's `kubernetes.Provider` in `opts.providers`. Release and namespace are called as the component.
    """

    address: pulumi.Output[str]
    """Where the controller is reached."""
    release: kubernetes.helm.v3.Release
    """The release, for what has to be removed before it."""
    status: pulumi.Output[str]
    """Helm's word for the release, such as `deployed`; that it is `failed` is an error of the run."""

    def __init__(self, name: str, args: IngressControllerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("exoscale-sks:components:IngressController", name, None, opts)
        child_opts = pulumi.ResourceOptions(parent=self)
        if args.controller.retired:
            pulumi.warn(args.controller.retired, resource=self)

        # The pods' nodes and the cloud side of the Service have to be there until the last pod and the Service's
        # finalizer are gone; of them only some ids are values here.
        outlived = pulumi.ResourceOptions.merge(child_opts, pulumi.ResourceOptions(depends_on=[*args.after]))
        chart = args.chart or args.controller.chart
        self.release = kubernetes.helm.v3.Release(
            f"{name}-release",
            name=name,
            # Before it deletes a cluster to replace it, the engine asks each dependent whether an unknown value in
            # place of the cluster's would replace it too. A namespace that comes from the cluster's id says yes, so
            # the release is uninstalled while the old cluster still answers (docs/adr/0004).
            namespace=pulumi.Output.from_input(args.cluster_id).apply(lambda _: name),
            create_namespace=True,
            chart=chart.name,
            repository_opts=kubernetes.helm.v3.RepositoryOptsArgs(repo=chart.repository),
            version=chart.version,
            values=args.controller.values(
                name, args.ingress_class, args.annotations, on_pool(args.pool.nodepool_id) if args.pool else {}
            ),
            timeout=args.timeout_seconds,
            # Another chart is another controller: both cannot hold the ingress class and the NLB's ports at a time. And
            # a Service that is merely led to another NLB leaves the one that the CCM made for it to nobody.
            opts=pulumi.ResourceOptions.merge(
                outlived,
                pulumi.ResourceOptions(
                    replace_on_changes=["chart"],
                    replacement_trigger="ccm" if args.address is None else "managed",
                    delete_before_replace=True,
                ),
            ),
        )

        if args.pool:
            IngressPodsStep(
                f"{name}-pods",
                args.pool.identity,
                args.pool.zone,
                args.cluster_id,
                namespace=name,
                chart=f"{chart.name} {chart.version or ''}".strip(),
                nodepool=args.pool.name,
                instance_pool_id=args.pool.instance_pool_id,
                size=args.pool.size,
                wait_seconds=args.timeout_seconds,
                # Helm is content with a DaemonSet that no node takes a pod of.
                opts=pulumi.ResourceOptions.merge(child_opts, pulumi.ResourceOptions(depends_on=[self.release])),
            )
        self.address = (
            self._address_of_service(name, child_opts)
            if args.address is None
            else pulumi.Output.from_input(args.address)
        )
        self.status = self.release.status.apply(lambda status: installed(status, f"{name}-release"))
        self.register_outputs({"address": self.address, "release": self.release, "status": self.status})

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
