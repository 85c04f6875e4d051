"""Quotas: the limits on an organisation's objects of each kind, and the refusals."""

from sandbox.api.catalogue import quotas
from sandbox.api.errors import Conflict, NotFound
from sandbox.api.routes import Call, operation
from sandbox.cloud import Cloud
from sandbox.store import Document

UNLIMITED = -1  # as the real API writes it (docs/exoscale.md, Limits)


@operation("list-quotas")
def list_(cloud: Cloud, call: Call) -> Document:
    return {"quotas": [_shown(cloud, name) for name in quotas()]}


@operation("get-quota")
def get(cloud: Cloud, call: Call) -> Document:
    name = call.path["entity"]
    if name not in quotas():
        raise NotFound(f"Quota {name} not found")
    return _shown(cloud, name)


def check(cloud: Cloud, name: str, more: int = 1) -> None:
    """Refuses to make more objects than the organisation may have; status and words are assumed.

    Raises:
        Conflict: there would be too many. Existing objects above a lowered limit stay.
    """
    quota = _shown(cloud, name)
    limit, usage = quota["limit"], quota["usage"]
    if cloud.rules.quotas_enforced and more > 0 and limit != UNLIMITED and usage + more > limit:
        raise Conflict(f"Quota exceeded for {name}: limit {limit}, used {usage}, requested {more}")


def _shown(cloud: Cloud, name: str) -> Document:
    quota = quotas()[name]
    limit = cloud.limits.get(name, quota["limit"])
    return {"resource": name, "usage": cloud.store.count(quota["kind"]), "limit": limit}
