"""Arguments of a Cluster's nodepools, checked when they are made."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from . import catalogue
from .checks import Checks, Form
from .node_labels import ALLOWED, LABEL, LABEL_KEY, LABEL_VALUE, reserved
from .teardown.cloud.stack_ref import KEYS

TAINT = Form(
    rf"{LABEL}:({'|'.join(catalogue.TAINT_EFFECTS)})",
    f"value:effect with effect {', '.join(catalogue.TAINT_EFFECTS)}, such as gpu:NoSchedule",
)
REPELLING = Form(rf"{LABEL}:(NoSchedule|NoExecute)", "NoSchedule or NoExecute")
NAME = Form(
    rf"[a-z]([a-z0-9-]{{0,{catalogue.INSTANCE_PREFIX_LENGTH - 2}}}[a-z0-9])?",
    f"at most {catalogue.INSTANCE_PREFIX_LENGTH} lower-case letters, digits or hyphens, beginning with a letter",
)
EXTERNAL = "external"


@dataclass(frozen=True)
class Between:
    """A size chosen by others, such as an autoscaler: the pool is created with `min` nodes, but at least one.

    Args:
        min: the fewest nodes.
        max: the most nodes.
    """

    max: int
    min: int = 1

    def __post_init__(self) -> None:
        checks = Checks()
        least = self.min if checks.number("min", self.min, 0) else 0
        checks.number("max", self.max, max(1, least))
        checks.finish()


@dataclass(frozen=True)
class PoolArgs:
    """One nodepool of a Cluster: a group of equal nodes.

    Args:
        size: number of nodes. 0 parks an existing pool, but no pool can be created with 0. `Between(...)` or
            `"external"` (created with 2 nodes) leave the size to others, such as an autoscaler, after creation.
        instance_type: `family.size`, such as `standard.small`.
        disk_size_gb: disk of each node in GiB, 20 or more.
        instance_prefix: prefix of the nodes' names, lower case.
        anti_affinity: whether each node runs on a different hypervisor; such a pool has at most 8 nodes.
        labels: labels of the nodes, in addition to those that name the stack.
        taints: taints of the nodes, `{key: "value:effect"}`.

    Raises:
        Invalid: lists every argument that cannot work, one per line.
    """

    size: "int | Between | Literal['external']" = 2
    instance_type: str = "standard.small"
    disk_size_gb: int = 20
    instance_prefix: str = "pool"
    anti_affinity: bool = True
    labels: Mapping[str, str] = field(default_factory=dict)
    taints: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        checks, disks = Checks(), catalogue.DISK_SIZE_GB
        self._check_size(checks)
        if self.instance_type not in catalogue.NODE_TYPES:
            families, sizes = " ".join(catalogue.INSTANCE_FAMILIES), " ".join(catalogue.NODE_SIZES)
            checks.refuse(
                "instance_type", self.instance_type, f"family.size with a family of {families}; a size of {sizes}"
            )
        checks.number("disk_size_gb", self.disk_size_gb, disks.start, disks.stop - 1)
        checks.form("instance_prefix", self.instance_prefix, NAME)
        checks.switch("anti_affinity", self.anti_affinity)
        if checks.texts_by_name("labels", self.labels, LABEL_KEY, LABEL_VALUE):
            self._check_whose_labels(checks)
        checks.texts_by_name("taints", self.taints, LABEL_KEY, TAINT)
        checks.finish()

    @property
    def initial_size(self) -> int:
        """Number of nodes to create the pool with; it keeps this size unless others choose it."""
        if isinstance(self.size, Between):
            return max(1, self.size.min)
        return self.size if isinstance(self.size, int) else 2

    @property
    def most_nodes(self) -> int:
        """The most nodes that it may have; for `external`, which has no limit, those to begin with."""
        return max(1, self.size.max) if isinstance(self.size, Between) else self.initial_size

    @property
    def bounds(self) -> str:
        """Range within which others choose the size, in words; empty when nobody else changes it."""
        if isinstance(self.size, Between):
            return f"{self.size.min} to {self.size.max}"
        return "" if isinstance(self.size, int) else self.size

    @property
    def repels(self) -> bool:
        """Whether a taint keeps pods without a matching toleration off the nodes."""
        return any(map(REPELLING.fits, self.taints.values()))

    def _check_size(self, checks: Checks) -> None:
        size, room = self.size, catalogue.INSTANCES_PER_ANTI_AFFINITY_GROUP
        if isinstance(size, Between):
            most = size.max
        elif isinstance(size, int) and not isinstance(size, bool):
            most = size if checks.number("size", size, 0) else 0
        else:
            most = 0
            words = f"a whole number from 0, {EXTERNAL}, or an object with min and max"
            checks.form("size", size, Form(EXTERNAL, words))
        if self.anti_affinity is True and most > room:
            checks.refuse("size", most, f"up to {room}, or more without anti-affinity")

    def _check_whose_labels(self, checks: Checks) -> None:
        for key in sorted(self.labels.keys() & set(KEYS)):
            checks.refuse(("labels", key), self.labels[key], "any label but this: the stack sets it itself")
        for key in sorted(filter(reserved, self.labels)):
            but = f"a prefix of your own, or {' or '.join(f'{prefix}/' for prefix in ALLOWED)}"
            checks.refuse(("labels", key), self.labels[key], f"{but}: no node may give itself this label")


def check_pools(checks: Checks, pools: Mapping[str, PoolArgs]) -> None:
    """Checks the nodepools of one cluster together."""
    if not 1 <= len(pools) <= catalogue.NODEPOOLS_PER_CLUSTER:
        checks.refuse("nodepools", f"{len(pools)} nodepools", f"1 to {catalogue.NODEPOOLS_PER_CLUSTER} of them")
    for name in sorted(pools):
        if not NAME.fits(name):
            checks.note(("nodepools", name), f"is not a valid name; allowed: {NAME.words}")
    with_nodes = [pool for pool in pools.values() if pool.initial_size]
    if with_nodes and all(pool.repels for pool in with_nodes):
        checks.note(
            "nodepools",
            f"are all tainted {REPELLING.words}; allowed: at least one with nodes and without such a taint, where "
            "CoreDNS and the like can run",
        )
