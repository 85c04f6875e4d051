"""What a preview plans, in words for a table."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pulumi.automation import EngineEvent

REPLACE, CREATE, DELETE, UPDATE = "replace", "create", "delete", "update"
VERBS = {REPLACE: "replaces", CREATE: "makes", DELETE: "removes"}
NAMES = {
    "SksCluster": "the cluster",
    "SksNodepool": "a pool",
    "Nlb": "the load balancer and its address",
    "ingress-release": "the ingress controller",
    "cert-manager-release": "cert-manager",
    "longhorn-release": "Longhorn",
    "argocd-release": "Argo CD",
    "flux-system-release": "Flux",
    "SksKubeconfig": "the kubeconfig",
    "Deployment": "the demo app",
}
"""What a person calls it, by type or name, the most important first. Groups, rules and our own steps go with these."""
# Inputs of a nodepool that only machines get that are made from then on: no preview says so (docs/exoscale.md, Instance
# pools of one's own).
LATER = {"antiAffinityGroupIds", "diskSize", "instancePrefix", "instanceType", "labels", "securityGroupIds", "taints"}
_OPERATIONS = {"create-replacement": REPLACE, "delete-replaced": REPLACE}
_OURS = ("exoscale-sks:", "pulumi:")  # components, and what the engine keeps for itself
_STEP = "exoscale-teardown"


@dataclass(frozen=True)
class Step:
    """What becomes of one resource.

    Args:
        type: of the resource, without its package; `exoscale-teardown` for all of our steps.
        operation: one of the constants above.
        inputs: that change, where it is an update.
        name: of the resource in the program.
    """

    type: str
    operation: str
    inputs: frozenset[str]
    name: str = ""


def steps(events: Iterable[EngineEvent]) -> Iterator[Step]:
    """What the events say of the cloud's resources, of what is in the cluster, and of our steps."""
    for event in events:
        step = event.resource_pre_event and event.resource_pre_event.metadata
        if not step or step.type.startswith(_OURS):
            continue
        operation = _OPERATIONS.get(step.op.value, step.op.value)
        if operation in (*VERBS, UPDATE):
            package, _, kind = step.type.split(":")
            name = step.urn.rpartition("::")[2]
            yield Step(_STEP if package == _STEP else kind, operation, frozenset(step.diffs or ()), name)


def effect(plan: Iterable[Step]) -> str:
    """What it does to a living stack. What is in a cluster goes with it, and is not named."""
    planned, said = list(plan), []
    for operation, verb in VERBS.items():
        keys = {key for one in planned if one.operation == operation for key in (one.type, one.name)}
        if "SksCluster" in keys:
            return f"**{verb} the cluster**"
        if found := [called for key, called in NAMES.items() if key in keys]:
            said.append(f"{verb} {', '.join(found)}")
    in_cloud = [one for one in planned if one.type != _STEP]
    if not said:
        said.append("in place" if in_cloud else "recorded" if planned else "nothing in the cloud")
    changed = {key for one in planned if (one.type, one.operation) == ("SksNodepool", UPDATE) for key in one.inputs}
    said += ["adds or removes nodes"] if "size" in changed else []
    said += ["nodes get it when they are made anew"] if changed & LATER else []
    return "; ".join(said)


def shown(plan: Iterable[Step]) -> str:
    """The types by operation, without our steps."""
    planned, parts = [one for one in plan if one.type != _STEP], []
    for operation in (UPDATE, REPLACE, CREATE, DELETE):
        types = sorted({one.type for one in planned if one.operation == operation})
        parts += [f"{operation} {', '.join(types)}"] if types else []
    return "; ".join(parts)
