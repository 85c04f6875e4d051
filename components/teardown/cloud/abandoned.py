"""Finds what looks like a dead cluster's and is provably nobody's. It is shown, and never deleted."""

from collections.abc import Iterable

from .ownership import OF_A_CLAIM, OF_A_SERVICE
from .resource import BALANCER, SNAPSHOT, VOLUME, Resource


def abandoned(found: Iterable[Resource]) -> list[Resource]:
    """Those of all resources that look so.

    Args:
        found: what `ownership.resources` gave.
    """
    items = [item for item in found if not item.owners]
    volumes = {item.id for item in items if item.kind == VOLUME and OF_A_CLAIM.fullmatch(item.name)}
    return [
        item
        for item in items
        if (item.kind == BALANCER and (item.targets or OF_A_SERVICE.fullmatch(item.name)))
        or item.id in volumes
        or item.through in volumes
    ]


def why_abandoned(item: Resource) -> str:
    """Describes such a resource, in words."""
    if item.kind == BALANCER and item.targets:
        return f"its instance pools are gone: {', '.join(sorted(set(item.targets.values())))}"
    if item.kind == BALANCER:
        return "made for a Kubernetes Service, sends traffic nowhere"
    return "of such a volume" if item.kind == SNAPSHOT else "made for a PersistentVolumeClaim, attached to nothing"
