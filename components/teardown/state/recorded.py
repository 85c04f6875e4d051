"""Reads what a stack's state says about the cloud."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from .. import ttl
from ..cloud.account import Document, Organization
from . import legacy

CLUSTER = "exoscale:index/sksCluster:SksCluster"
NODEPOOL = "exoscale:index/sksNodepool:SksNodepool"
KUBECONFIG = "exoscale:index/sksKubeconfig:SksKubeconfig"
BALANCER = "exoscale:index/nlb:Nlb"
STACK_ID = "exoscale-teardown:index:StackId"
DRAINS = tuple(f"exoscale-teardown:index:{kind}" for kind in ("Drain", "SecondDrain", "UnfinishedDrain"))

_EXOSCALE = "exoscale:index/"


@dataclass(frozen=True)
class RecordedDrain:
    """A drain that a destroy would run."""

    zone: str
    cluster_id: str
    pool_ids: tuple[str, ...]
    load_balancers: tuple[str, ...]
    on_destroy: str
    owner: str


@dataclass(frozen=True)
class Recorded:
    """A stack's state, as far as it concerns the cloud.

    Args:
        stack_id: the stack's own id; empty if the state has none.
        owner: contact to ask, from the stack's labels; empty if the state does not say.
        organization: the stack's organisation; empty if the state does not say.
        ids: ids of all Exoscale resources.
        clusters: zones of the SKS clusters, by id.
        pool_ids: ids of the instance pools of its nodepools.
        balancer_ids: ids of NLBs that are resources.
        drains: the drains that a destroy would run.
        saved: time when the state was written; None if it does not say.
        ttl: how long the stack lives after an `up`, from its cluster's labels; empty if it does not expire.
        expires: time when its kubeconfig for people expires; None if there is none or the state does not say.
        pending: urns of operations that have not ended or were interrupted.
    """

    stack_id: str = ""
    owner: str = ""
    organization: Organization = field(default_factory=Organization)
    ids: frozenset[str] = frozenset()
    clusters: tuple[tuple[str, str], ...] = ()
    pool_ids: frozenset[str] = frozenset()
    balancer_ids: frozenset[str] = frozenset()
    drains: tuple[RecordedDrain, ...] = ()
    saved: datetime | None = None
    ttl: str = ""
    expires: datetime | None = None
    pending: tuple[str, ...] = ()


def resources(exported: Document) -> list[Document]:
    """Returns the resources of an exported state."""
    found: list[Document] = (exported.get("deployment") or {}).get("resources") or []
    return found


def recorded(exported: Document | None) -> Recorded:
    """Reads an exported state; None, for a stack that does not exist, gives an empty result."""
    found = resources(exported or {})
    deployment = (exported or {}).get("deployment") or {}
    exoscale = [one for one in found if one["type"].startswith(_EXOSCALE) and one.get("id")]
    stack_ids = [one for one in found if one["type"] == STACK_ID]
    marks = [text(one, "stdout") for one in found if legacy.options(one, "create", "mark") is not None]
    sweeps = [options for one in found if (options := legacy.options(one, "delete", "sweep")) is not None]
    drains = tuple(drain for one in found if (drain := _drain(one)))
    owners = [text(one, "owner") for one in stack_ids]
    owners += [name for options in sweeps for name in options.get("owner", [])]
    owners += [drain.owner for drain in drains]

    def of_type(kind: str) -> Iterator[Document]:
        return (one for one in exoscale if one["type"] == kind)

    time = (deployment.get("manifest") or {}).get("time", "")
    return Recorded(
        stack_id=next(filter(None, [*(text(one, "stackId") for one in stack_ids), *marks]), ""),
        owner=next(filter(None, owners), ""),
        organization=next(
            (Organization(text(one, "organizationId"), text(one, "organizationName")) for one in stack_ids),
            Organization(),
        ),
        ids=frozenset(one["id"] for one in exoscale),
        clusters=tuple((one["id"], text(one, "zone")) for one in of_type(CLUSTER)),
        pool_ids=frozenset(filter(None, (text(one, "instancePoolId") for one in of_type(NODEPOOL)))),
        balancer_ids=frozenset(one["id"] for one in of_type(BALANCER)),
        drains=drains,
        saved=datetime.fromisoformat(time) if found and time and not time.startswith("0001") else None,
        ttl=next(filter(None, (ttl.of_labels(_value(one, "labels")) for one in of_type(CLUSTER))), ""),
        expires=max(filter(None, map(_expires, of_type(KUBECONFIG))), default=None),
        pending=tuple(one["resource"]["urn"] for one in deployment.get("pending_operations") or []),
    )


def is_drain(resource: Document) -> bool:
    """Whether a resource of a state drains a cluster when it is deleted."""
    return resource["type"] in DRAINS or legacy.options(resource, "delete", "drain") is not None


def text(resource: Document, key: str) -> str:
    """Returns one of its outputs, or else the input of that name; empty if there is neither, or if it is a secret."""
    value = _value(resource, key)
    return value if isinstance(value, str) else ""


def _value(resource: Document, key: str) -> Any:
    return (resource.get("outputs") or {}).get(key, (resource.get("inputs") or {}).get(key))


def _expires(kubeconfig: Document) -> datetime | None:
    """When its certificate ends; a renewed one is another resource (docs/plugins.md)."""
    created, seconds = kubeconfig.get("created"), _value(kubeconfig, "ttlSeconds")
    return datetime.fromisoformat(created) + timedelta(seconds=seconds) if created and seconds else None


def _drain(resource: Document) -> RecordedDrain | None:
    if resource["type"] in DRAINS:
        return RecordedDrain(
            text(resource, "zone"),
            text(resource, "clusterId"),
            tuple(_value(resource, "instancePoolIds") or ()),
            tuple(_value(resource, "loadBalancers") or ()),
            text(resource, "onDestroy") or "refuse",
            text(resource, "owner"),
        )
    options = legacy.options(resource, "delete", "drain")
    if options is None:
        return None

    def one(key: str, default: str = "") -> str:
        return next(iter(options.get(key, [])), default)

    return RecordedDrain(
        one("zone"),
        one("cluster"),
        tuple(options.get("pool", ())),
        tuple(options.get("keep-nlb", ())),
        one("on-destroy", "refuse"),
        one("owner"),
    )
