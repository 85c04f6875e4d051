"""Resources that look like a deleted cluster's and provably belong to nobody. They are shown, never deleted."""

from collections.abc import Iterable

from .ownership import OF_A_CLAIM, OF_A_SERVICE
from .resource import BALANCER, SNAPSHOT, VOLUME, Resource


def abandoned(found: Iterable[Resource]) -> list[Resource]:
    """Selects the resources that look abandoned.

    Args:
        found: the result of `ownership.resources`.
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
    """Says in words what is known about such a resource."""
    if item.kind == BALANCER and item.targets:
        return f"its instance pools are gone: {', '.join(sorted(set(item.targets.values())))}"
    if item.kind == BALANCER:
        return "made for a Kubernetes Service, sends traffic nowhere"
    return "of such a volume" if item.kind == SNAPSHOT else "made for a PersistentVolumeClaim, attached to nothing"
