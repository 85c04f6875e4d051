"""The steps that keep a destroy from leaking, as resources; `components/provider/` implements them."""

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from .identity import Identity
from .plugin_script import PROVIDER

PACKAGE = PROVIDER

Inputs = Mapping[str, pulumi.Input[Any]]


class StackIdStep(pulumi.CustomResource):
    """Records which stack and organisation this is. On delete, sweeps what is left of the stack.

    Args:
        settings: settings whose change it refuses or announces, from `Chosen.inputs`; None checks no change.
    """

    def __init__(
        self,
        name: str,
        identity: Identity,
        zone: str,
        organization: str,
        settings: Inputs | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        inputs = {**_who(identity, zone), "organization": organization}
        inputs |= {"settings": {**settings}} if settings else {}
        outputs = dict.fromkeys(("stackId", "organizationId", "organizationName"))
        super().__init__(f"{PACKAGE}:index:StackId", name, {**inputs, **outputs}, opts)

    @property
    @pulumi.getter(name="stackId")
    def stack_id(self) -> pulumi.Output[str]:
        """A random id, the same for as long as the stack lives."""
        return _output(self, "stackId")

    @property
    @pulumi.getter(name="organizationId")
    def organization_id(self) -> pulumi.Output[str]:
        """Id of the stack's Exoscale organisation."""
        return _output(self, "organizationId")

    @property
    @pulumi.getter(name="organizationName")
    def organization_name(self) -> pulumi.Output[str]:
        """The organisation's name at the time the stack was created."""
        return _output(self, "organizationName")


class DrainStep(pulumi.CustomResource):
    """On delete, removes load balancers and volumes from a cluster.

    Args:
        kind: `Drain`, `SecondDrain` for the one that is destroyed later, or `UnfinishedDrain` for the one that works
            only where there is no SecondDrain.
        instance_pool_ids: instance pools of the cluster's nodepools.
        load_balancers: names of the NLBs that are resources of the stack.
        on_destroy: what to do with volumes: `refuse`, `delete` or `keep`.
        releases: whether Helm has to uninstall something afterwards.
        wait_seconds: how long to wait for a controller that makes no progress.
    """

    def __init__(
        self,
        kind: str,
        name: str,
        identity: Identity,
        zone: str,
        cluster_id: pulumi.Input[str],
        instance_pool_ids: Sequence[pulumi.Input[str]],
        load_balancers: Sequence[str],
        on_destroy: str,
        releases: pulumi.Input[bool],
        wait_seconds: int,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        inputs: Inputs = {
            **_whose(identity, zone),
            "clusterId": cluster_id,
            "instancePoolIds": [*instance_pool_ids],
            "loadBalancers": [*load_balancers],
            "onDestroy": on_destroy,
            "releases": releases,
            "waitSeconds": wait_seconds,
        }
        super().__init__(f"{PACKAGE}:index:{kind}", name, inputs, opts)


class NodepoolSweepStep(pulumi.CustomResource):
    """On delete, removes the cluster's nodepools that are missing from the state."""

    def __init__(
        self,
        name: str,
        identity: Identity,
        zone: str,
        cluster_id: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        inputs = {**_whose(identity, zone), "clusterId": cluster_id}
        super().__init__(f"{PACKAGE}:index:NodepoolSweep", name, inputs, opts)

    @property
    @pulumi.getter(name="clusterId")
    def cluster_id(self) -> pulumi.Output[str]:
        """The SKS cluster."""
        return _output(self, "clusterId")


class ProgramKubeconfigStep(pulumi.CustomResource):
    """Keeps the kubeconfig for programs, so that previews know it."""

    def __init__(
        self,
        name: str,
        identity: Identity,
        zone: str,
        cluster_id: pulumi.Input[str],
        kubeconfig: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        inputs = {**_whose(identity, zone), "clusterId": cluster_id, "kubeconfig": kubeconfig}
        super().__init__(f"{PACKAGE}:index:ProgramKubeconfig", name, inputs, opts)

    @property
    @pulumi.getter
    def kubeconfig(self) -> pulumi.Output[str]:
        """The kubeconfig; known in a preview as long as the cluster stays."""
        return _output(self, "kubeconfig")


class MachinesStep(pulumi.CustomResource):
    """Records the machines of nodepools, and warns of those that differ from what their pools make now.

    Args:
        pools: as `teardown/machines.py` describes them.
    """

    def __init__(
        self,
        name: str,
        identity: Identity,
        zone: str,
        cluster_id: pulumi.Input[str],
        pools: Inputs,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        inputs = {**_whose(identity, zone), "clusterId": cluster_id, "pools": {**pools}, "machines": None}
        super().__init__(f"{PACKAGE}:index:Machines", name, inputs, opts)

    @property
    @pulumi.getter
    def machines(self) -> pulumi.Output[Any]:
        """Machines by pool name; known in previews."""
        found: pulumi.Output[Any] = pulumi.get(self, "machines")
        return found


class IngressPodsStep(pulumi.CustomResource):
    """On create and update, fails unless a pod of the ingress controller is ready where the traffic is sent.

    Args:
        namespace: namespace of the controller and its Service.
        chart: chart it was installed from; a change makes it look for the pods again.
        ingress_class: name of the controller's class: it refuses one that another controller has, and warns of
            Ingresses that this one does not serve as they are written.
        nodepool: the pool's name in the settings.
        instance_pool_id: the instance pool behind the nodepool.
        size: number of nodes in the settings; a change makes it look for the pods again.
        wait_seconds: how long a pod may take.
    """

    def __init__(
        self,
        name: str,
        identity: Identity,
        zone: str,
        cluster_id: pulumi.Input[str],
        namespace: str,
        chart: str,
        ingress_class: str,
        nodepool: str,
        instance_pool_id: pulumi.Input[str],
        size: pulumi.Input[int],
        wait_seconds: int,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        inputs: Inputs = {
            **_whose(identity, zone),
            "clusterId": cluster_id,
            "namespace": namespace,
            "chart": chart,
            "ingressClass": ingress_class,
            "nodepool": nodepool,
            "instancePoolId": instance_pool_id,
            "size": size,
            "waitSeconds": wait_seconds,
        }
        super().__init__(f"{PACKAGE}:index:IngressPods", name, inputs, opts)


class ReleasePlaceStep(pulumi.CustomResource):
    """When created, makes Helm forget a release of the stack that is missing from the state, so that it can be
    installed again.

    Args:
        namespace: the release's namespace.
        release: its name.
    """

    def __init__(
        self,
        name: str,
        identity: Identity,
        zone: str,
        cluster_id: pulumi.Input[str],
        namespace: str,
        release: str,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        inputs: Inputs = {
            **_whose(identity, zone),
            "clusterId": cluster_id,
            "namespace": namespace,
            "release": release,
        }
        super().__init__(f"{PACKAGE}:index:ReleasePlace", name, inputs, opts)


class DnsRecordsStep(pulumi.CustomResource):
    """Makes address records in a DNS domain of Exoscale's, and deletes them.

    Args:
        domain: name of the domain.
        names: names of the records within it.
        address: address that they lead to.
        ttl_seconds: how long resolvers may keep it.
    """

    def __init__(
        self,
        name: str,
        identity: Identity,
        zone: str,
        domain: str,
        names: Sequence[str],
        address: pulumi.Input[str],
        ttl_seconds: int,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        inputs: Inputs = {
            **_whose(identity, zone),
            "domain": domain,
            "names": [*names],
            "address": address,
            "ttlSeconds": ttl_seconds,
        }
        super().__init__(f"{PACKAGE}:index:DnsRecords", name, {**inputs, "records": None}, opts)

    @property
    @pulumi.getter
    def records(self) -> pulumi.Output[Any]:
        """Ids of the records by name."""
        found: pulumi.Output[Any] = pulumi.get(self, "records")
        return found


class RuleSweepStep(pulumi.CustomResource):
    """On delete, removes the rules of a security group that are missing from the state."""

    def __init__(
        self,
        name: str,
        identity: Identity,
        zone: str,
        security_group_id: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        inputs = {**_whose(identity, zone), "securityGroupId": security_group_id}
        super().__init__(f"{PACKAGE}:index:RuleSweep", name, inputs, opts)


def _who(identity: Identity, zone: str) -> dict[str, pulumi.Input[Any]]:
    return {"project": identity.project, "stack": identity.stack, "owner": identity.owner, "zone": zone}


def _whose(identity: Identity, zone: str) -> dict[str, pulumi.Input[Any]]:
    return {
        **_who(identity, zone),
        "stackId": "" if identity.stack_id is None else identity.stack_id,
        "organizationId": identity.organization_id,
        "organizationName": identity.organization_name,
    }


def _output(resource: pulumi.Resource, name: str) -> pulumi.Output[str]:
    found: pulumi.Output[str] = pulumi.get(resource, name)
    return found
