"""A stack of ours whose control plane is silent, on paper."""

from components.teardown.cloud.account import Document
from components.teardown.cluster.liveness import Pulse
from components.teardown.state.recorded import BALANCER, CLUSTER, KUBECONFIG, NODEPOOL, resources
from tests.teardown.deployment import (
    DRAIN,
    RELEASE,
    SECOND_DRAIN,
    SERVICE,
    FakeBackend,
    cluster,
    exported,
    in_the_cluster,
    nodepool,
    resource,
    stack_id,
    urn,
)
from tests.teardown.paper import OURS, PaperAccount

IN_THE_CLUSTER = {
    urn(RELEASE, "ingress"),
    urn(SERVICE, "ingress"),
    urn(DRAIN, "drain"),
    urn(SECOND_DRAIN, "second"),
}
THE_CLUSTERS = {urn(CLUSTER, "cluster"), urn(NODEPOOL, "default"), urn(KUBECONFIG, "access")}


class Wreck:
    """What it has in an account, and its state."""

    def __init__(self, account: PaperAccount, policy: str = "refuse") -> None:
        self.account = account
        self.cluster = account.cluster(name="shop")
        self.nodepool, self.pool = account.nodepool(self.cluster)
        self.node = account.instance(self.pool)
        self.managed = account.balancer(self.pool, owner=OURS, name=OURS.name("ingress"))
        self.backend = FakeBackend(
            dev=exported(
                stack_id(),
                cluster(self.cluster),
                nodepool(self.nodepool, self.pool, self.cluster),
                *in_the_cluster(self.cluster, self.pool, policy),
                resource(BALANCER, "ingress", self.managed, after=[urn(NODEPOOL, "default")]),
            )
        )
        account.changes.clear()

    @property
    def state(self) -> Document:
        return self.backend.states["dev"]

    def delete_in_the_console(self) -> None:
        """As somebody may who tidies up by hand, NLBs aside."""
        self.account.delete_sks_nodepool(id=self.cluster, sks_nodepool_id=self.nodepool)
        self.account.delete_sks_cluster(id=self.cluster)
        self.account.changes.clear()

    def urns(self) -> set[str]:
        return {one["urn"] for one in resources(self.state)}


def silence(account: PaperAccount, cluster_id: str, *_: object) -> Pulse:
    """What is known where all control planes that Exoscale knows say nothing."""
    known = cluster_id in {one["id"] for one in account.held["sks-clusters"]}
    return Pulse.SILENT if known else Pulse.UNKNOWN_TO_EXOSCALE
