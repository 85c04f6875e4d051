"""Exported states as `pulumi stack export` writes them, and a backend that holds them."""

import copy
from collections.abc import Sequence
from typing import Any

from teardown.account import Document
from teardown.owner import Owner
from teardown.state import CLUSTER, COMMAND, KUBECONFIG, NODEPOOL

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


def mark(owner: Owner) -> Document:
    sweep = f'sh teardown/run.sh sweep --zone ch-gva-2 --stack {owner.stack} --stack-id "$PULUMI_COMMAND_STDOUT"'
    return command("mark", create="sh teardown/run.sh mark --zone ch-gva-2", delete=sweep, stdout=owner.stack_id)


def cluster(id_: str, zone: str = "ch-gva-2", **rest: Any) -> Document:
    return resource(CLUSTER, "cluster", id_, inputs={"zone": zone}, outputs={"zone": zone}, **rest)


def nodepool(id_: str, pool: str, name: str = "default", **rest: Any) -> Document:
    zone = {"zone": "ch-gva-2"}
    after = [urn(CLUSTER, "cluster")]
    return resource(NODEPOOL, name, id_, inputs=zone, outputs={**zone, "instancePoolId": pool}, after=after, **rest)


def exported(*resources: Document, pending: Sequence[Document] = ()) -> Document:
    """An exported state with the stack and its providers."""
    first = [
        {"urn": STACK, "type": _STACK, "custom": False, "outputs": {}},
        {"urn": PROVIDER, "type": EXOSCALE_PROVIDER, "custom": True, "id": "the-provider-id"},
    ]
    return {
        "version": 3,
        "deployment": {"manifest": {}, "resources": [*first, *resources], "pending_operations": list(pending)},
    }


def release(cluster_id: str, pool: str, policy: str = "refuse") -> list[Document]:
    """What stands in the state for what is in the cluster, and for its drain."""
    drain = (
        f"sh teardown/run.sh drain --zone ch-gva-2 --project exoscale-sks --stack dev --owner alice"
        f" --on-destroy {policy} --releases --wait-seconds 120 --stack-id aaaaaaaaaaaa --cluster {cluster_id}"
        f" --pool {pool}"
    )
    gate = drain.replace(" --releases", "")
    kubeconfig, provider = urn(KUBECONFIG, "access"), urn(KUBERNETES_PROVIDER, "cluster")
    return [
        resource(KUBECONFIG, "access", "1:2", after=[urn(CLUSTER, "cluster")], outputs={"zone": "ch-gva-2"}),
        command("gate", create=f"sh teardown/run.sh admit --cluster {cluster_id}", delete=gate),
        resource(KUBERNETES_PROVIDER, "cluster", "the-provider-id", after=[kubeconfig]),
        resource(COMPONENT, "ingress"),
        resource(
            RELEASE,
            "ingress",
            "ingress/nginx",
            after=[provider, urn(COMMAND, "gate")],
            parent=urn(COMPONENT, "ingress"),
        ),
        resource(SERVICE, "ingress", "ingress/nginx", parent=urn(RELEASE, "ingress")),
        command("drain", delete=drain, after=urn(RELEASE, "ingress")),
    ]


class FakeBackend:
    """Stacks by name."""

    def __init__(self, **states: Document) -> None:
        self.states = states

    def stacks(self) -> set[str]:
        return set(self.states)

    def export(self, stack: str) -> Document | None:
        return copy.deepcopy(self.states.get(stack))

    def restore(self, stack: str, exported: Document) -> None:
        self.states[stack] = exported
