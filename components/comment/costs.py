"""What a stack costs a month before and after the `up`, by its resources' inputs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..teardown.changes import CCM
from ..teardown.cloud.prices import CURRENCY, Estimate, Item, estimate
from .markdown import code
from .plan import Plan, State

CLUSTER = "exoscale:index/sksCluster:SksCluster"
NODEPOOL = "exoscale:index/sksNodepool:SksNodepool"
BALANCER = "exoscale:index/nlb:Nlb"
STACK_ID = "exoscale-teardown:index:StackId"
_MOST = 10**6  # more nodes or GiB than that are no number of a real pool
_NAMED = 5


@dataclass(frozen=True)
class _Pool:
    instance_type: str
    size: int
    disk_size_gb: int
    bounds: str = ""


def costs(plan: Plan) -> str:
    """Says it in words; what has no price is named."""
    if plan.hidden:
        return "costs not known (`--json` leaves out what stays: add `--show-sames`)"
    before, after = (
        _estimate({urn: (change.type, change.name, getattr(change, when)) for urn, change in plan.changes.items()})
        for when in ("before", "after")
    )
    old, new = (f"{'more than ' if one.unknown else ''}{one.total:.2f}" for one in (before, after))
    unknown = [*dict.fromkeys([*before.unknown, *after.unknown])]
    more = f" and {len(unknown) - _NAMED} more" if len(unknown) > _NAMED else ""
    named = f" (no price: {', '.join(map(code, unknown[:_NAMED]))}{more})" if unknown else ""
    change = f"{old} {CURRENCY} a month, as before" if old == new else f"{old} → {new} {CURRENCY} a month"
    return change + named


def _estimate(found: Mapping[str, tuple[str, str, State | None]]) -> Estimate:
    there = [(type_, name, state.inputs) for type_, name, state in found.values() if state]
    items: list[Item] = []
    for type_, name, inputs in there:
        if type_ == CLUSTER:
            items += estimate(str(inputs.get("serviceLevel", "pro")), {}, 0).items
        elif type_ == NODEPOOL:
            size, disk = _number(inputs.get("size")), _number(inputs.get("diskSize"))
            if size is None or disk is None:
                items.append(Item(f"{name}, of unknown size", None))
            else:
                pool = _Pool(str(inputs.get("instanceType")), size, disk)
                items += estimate("starter", {name: [pool] if size else []}, 0).items
        elif type_ == BALANCER or (type_ == STACK_ID and _of_the_cluster(inputs)):
            items += estimate("starter", {}, 1).items
    return Estimate(tuple(items))


def _of_the_cluster(inputs: Mapping[str, Any]) -> bool:
    """Whether the stack's NLB is made in the cluster, and so is no resource of the stack."""
    settings = inputs.get("settings")
    return isinstance(settings, dict) and settings.get("loadBalancer") == CCM


def _number(found: Any) -> int | None:
    return int(found) if isinstance(found, int | float) and 0 <= found <= _MOST else None
