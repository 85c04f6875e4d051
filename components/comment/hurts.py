"""What a reviewer has to see first: what is replaced or deleted, and what is protected."""

from collections.abc import Iterator

from .costs import BALANCER, CLUSTER, NODEPOOL, STACK_ID
from .markdown import code
from .plan import DELETE, REPLACE, Change, Plan

_MOST = 12  # lines per stack
_POLICIES = {
    "refuse": "the destroy stops while volumes hold data",
    "delete": "its volumes are deleted",
    "keep": "its block storage volumes stay",
}
_ORDER = (CLUSTER, NODEPOOL, BALANCER)
_NOTHING = ("exoscale-teardown:", "pulumi:providers:")  # steps of a destroy, and plugins: nothing in the cloud


def hurts(plan: Plan) -> list[str]:
    """Returns a line of Markdown for each, the worst first."""
    going = [change for change in plan.changes.values() if _is_felt(change)]
    going.sort(key=lambda change: _ORDER.index(change.type) if change.type in _ORDER else len(_ORDER))
    lines = [*(_going(change, _policy(plan)) for change in going), *_protection(plan)]
    if len(lines) > _MOST:
        lines[_MOST:] = [f"and {len(lines) - _MOST} more: see the diff"]
    return lines


def _is_felt(change: Change) -> bool:
    going = change.kind in (REPLACE, DELETE)
    return going and not change.is_component and not change.type.startswith(_NOTHING)


def _going(change: Change, policy: str) -> str:
    done = "replaced" if change.kind == REPLACE else "deleted"
    name = code(change.name)
    protected = ", **though it is protected**" if change.before and change.before.protected else ""
    if change.type == CLUSTER:
        address = "its address changes" if change.kind == REPLACE else "its address goes"
        return f"**the cluster {name} is {done}**{protected}: {address}, users' Services and volumes go ({policy})"
    if change.type == NODEPOOL:
        return f"**the nodepool {name} is {done}**{protected}: its nodes go, with what is on their disks"
    if change.type == BALANCER:
        address = "changes" if change.kind == REPLACE else "goes"
        return f"**the load balancer {name} is {done}**{protected}: its address {address}"
    return f"{code(change.short_type)} {name} is {done}{protected}"


def _policy(plan: Plan) -> str:
    """The policy for volumes, which a destroy reads from the state, so that of before."""
    for change in plan.changes.values():
        state = change.before or change.after
        settings = state.inputs.get("settings") if state and change.type == STACK_ID else None
        policy = settings.get("onDestroy") if isinstance(settings, dict) else None
        if policy in _POLICIES:
            return f"policy: `{policy}`, {_POLICIES[policy]}"
    return "policy: not known"


def _protection(plan: Plan) -> Iterator[str]:
    lost = [
        change
        for change in plan.changes.values()
        if change.before and change.after and change.before.protected and not change.after.protected
    ]
    if lost:
        names = ", ".join(code(change.name) for change in lost[:3])
        more = f" and {len(lost) - 3} more" if len(lost) > 3 else ""
        yield f"protection is taken off {names}{more}"
