"""Exported states as `pulumi stack export` writes them, and a backend that holds them."""

import copy
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from components.teardown.cloud.account import Document
from components.teardown.cloud.stack_ref import StackRef
from components.teardown.state.legacy import COMMAND
from components.teardown.state.recorded import CLUSTER, DRAINS, KUBECONFIG, NODEPOOL, STACK_ID
from tests.teardown.paper import ACME, OURS, OWNER, ZONE

DRAIN, SECOND_DRAIN, UNFINISHED_DRAIN = DRAINS
RELEASE = "kubernetes:helm.sh/v3:Release"
SERVICE = "kubernetes:core/v1:Service"
KUBERNETES_PROVIDER = "pulumi:providers:kubernetes"
EXOSCALE_PROVIDER = "pulumi:providers:exoscale"
ANTI_AFFINITY_GROUP = "exoscale:index/antiAffinityGroup:AntiAffinityGroup"
COMPONENT = "exoscale-sks:components:Ingress"
_STACK = "pulumi:pulumi:Stack"


def urn(kind: str, name: str) -> str:
    return f"urn:pulumi:dev::exoscale-sks::{kind}::{name}"


STACK = urn(_STACK, "exoscale-sks-dev")
PROVIDER = urn(EXOSCALE_PROVIDER, "default")
KUBERNETES = urn(KUBERNETES_PROVIDER, "cluster")


def resource(kind: str, name: str, id_: str = "", **rest: Any) -> Document:
    """One resource; `after` are the urns that it depends on."""
    after: Sequence[str] = rest.pop("after", ())
    provider = KUBERNETES if kind.startswith("kubernetes:") else PROVIDER if kind.startswith("exoscale:") else None
    document: Document = {"urn": urn(kind, name), "type": kind, "custom": bool(id_), "parent": STACK}
    document |= {"id": id_} if id_ else {}
    document |= {"provider": f"{provider}::the-provider-id"} if provider else {}
    document |= {"dependencies": list(after), "propertyDependencies": {"x": list(after)}} if after else {}
    return document | rest


def command(name: str, **steps: str) -> Document:
    """A Command; give `create`, `delete` and what `create` printed as `stdout`."""
    stdout = steps.pop("stdout", "")
    after = steps.pop("after", "").split()
    return resource(COMMAND, name, f"{name}1234", inputs=steps, outputs={**steps, "stdout": stdout}, after=after)


def step(kind: str, name: str, **outputs: Any) -> Document:
    """One of our provider's resources, with what every one records."""
    after = outputs.pop("after", ())
    who = {"project": OURS.project, "stack": OURS.stack, "owner": OWNER, "zone": ZONE}
    return resource(kind, name, f"{name}1234", inputs=who, outputs={**who, "stackId": OURS.id, **outputs}, after=after)


def stack_id(ref: StackRef = OURS) -> Document:
    """The first resource of a stack."""
    return step(STACK_ID, "id", stackId=ref.id, organizationId=ACME.id, organizationName=ACME.name)


def mark(ref: StackRef = OURS) -> Document:
    """The same as a command, as states of before the provider hold it."""
    sweep = (
        f"sh teardown/run.sh sweep --zone {ZONE} --project {ref.project} --stack {ref.stack} --owner {OWNER}"
        ' --stack-id "$PULUMI_COMMAND_STDOUT"'
    )
    return command("mark", create=f"sh teardown/run.sh mark --zone {ZONE}", delete=sweep, stdout=ref.id)


def cluster(id_: str, zone: str = ZONE, ttl: str = "", **rest: Any) -> Document:
    given = {"zone": zone, **({"labels": {"ttl": ttl}} if ttl else {})}
    return resource(CLUSTER, "cluster", id_, inputs=given, outputs=given, **rest)


def nodepool(id_: str, pool: str, of: str = "the-cluster", **rest: Any) -> Document:
    after = [urn(CLUSTER, "cluster")]
    outputs = {"zone": ZONE, "instancePoolId": pool, "clusterId": of}
    return resource(NODEPOOL, "default", id_, inputs={"zone": ZONE}, outputs=outputs, after=after, **rest)


def exported(*resources: Document, pending: Sequence[Document] = (), saved: str = "") -> Document:
    """An exported state with the stack and its providers."""
    first = [
        {"urn": STACK, "type": _STACK, "custom": False, "outputs": {}},
        {"urn": PROVIDER, "type": EXOSCALE_PROVIDER, "custom": True, "id": "the-provider-id"},
    ]
    manifest = {"time": saved} if saved else {}
    return {
        "version": 3,
        "deployment": {"manifest": manifest, "resources": [*first, *resources], "pending_operations": list(pending)},
    }


def in_the_cluster(cluster_id: str, pool: str, policy: str = "refuse") -> list[Document]:
    """What stands in the state for what is in the cluster, and for its drains."""
    access, second = urn(KUBECONFIG, "access"), urn(SECOND_DRAIN, "second")
    drained = {"clusterId": cluster_id, "instancePoolIds": [pool], "loadBalancers": [], "onDestroy": policy}
    return [
        resource(KUBECONFIG, "access", "1:2", after=[urn(CLUSTER, "cluster")], outputs={"clusterId": cluster_id}),
        step(SECOND_DRAIN, "second", **drained),
        resource(KUBERNETES_PROVIDER, "cluster", "the-provider-id", after=[access]),
        resource(COMPONENT, "ingress"),
        resource(
            RELEASE,
            "ingress",
            "ingress/nginx",
            after=[urn(KUBERNETES_PROVIDER, "cluster"), second],
            parent=urn(COMPONENT, "ingress"),
        ),
        resource(SERVICE, "ingress", "ingress/nginx", parent=urn(RELEASE, "ingress")),
        step(DRAIN, "drain", **drained, after=[urn(RELEASE, "ingress")]),
    ]


class FakeBackend:
    """Stacks by name."""

    def __init__(self, **states: Document) -> None:
        self.states = states
        self.working = ""
        self.ups: dict[str, datetime] = {}
        self.destroyed: list[str] = []

    def stacks(self) -> set[str]:
        return set(self.states)

    def export(self, stack: str) -> Document | None:
        return copy.deepcopy(self.states.get(stack.rpartition("/")[2]))

    def worker(self, stack: str) -> str:
        return self.working

    def last_up(self, stack: str) -> datetime | None:
        return self.ups.get(stack)

    def destroy(self, stack: str) -> None:
        self.destroyed.append(stack)
        self.states[stack] = exported()

    def restore(self, stack: str, exported: Document) -> None:
        self.states[stack] = exported
