"""The nodepools' settings: what a pool may be, and how it is read."""

from collections.abc import Mapping
from dataclasses import dataclass

from components import catalogue
from components.identity import Identity
from configuration.node_labels import ALLOWED, LABEL, LABEL_KEY, LABEL_VALUE, reserved
from configuration.reading import Form, Table

TAINT = Form(
    rf"{LABEL}:({'|'.join(catalogue.TAINT_EFFECTS)})",
    f"value:effect with effect {', '.join(catalogue.TAINT_EFFECTS)}, such as gpu:NoSchedule",
)
REPELLING = Form(rf"{LABEL}:(NoSchedule|NoExecute)", "NoSchedule or NoExecute")
NAME = Form(
    rf"[a-z]([a-z0-9-]{{0,{catalogue.INSTANCE_PREFIX_LENGTH - 2}}}[a-z0-9])?",
    f"{catalogue.INSTANCE_PREFIX_LENGTH} lower-case letters, digits or hyphens at most, a letter first",
)
EXTERNAL = "external"
SIZE = Form(EXTERNAL, f"a whole number from 0, {EXTERNAL}, or an object with min and max")
OWN_LABELS = Identity("", "", "", "").labels.keys()


@dataclass(frozen=True)
class NodepoolSettings:
    """See `nodepools` in Pulumi.yaml. `taints` is `{key: "value:effect"}`.

    Args:
        size: the number of nodes, or what the pool is made with when others decide about it later.
        bounds: empty when `size` holds for ever; else what others keep to: `2 to 5`, or `external` for no bounds.
    """

    size: int
    bounds: str
    instance_type: str
    disk_size_gb: int
    instance_prefix: str
    anti_affinity: bool
    labels: Mapping[str, str]
    taints: Mapping[str, str]


def nodepools(table: Table) -> dict[str, NodepoolSettings]:
    """Reads the object `nodepools`; what is wrong is noted in its problems."""
    names = table.names(NAME)
    if table.sound and not 1 <= len(names) <= catalogue.NODEPOOLS_PER_CLUSTER:
        table.refuse(table.path, f"{len(names)} nodepools", f"1 to {catalogue.NODEPOOLS_PER_CLUSTER} of them")
    pools = {name: _nodepool(table.table(name)) for name in names}
    taints = [pool.taints.values() for pool in pools.values() if pool.size]
    if taints and all(any(map(REPELLING.fits, of_pool)) for of_pool in taints):
        table.problems.append(
            f"{table.path} are all tainted {REPELLING.words}; allowed: one at least with nodes and without such a "
            "taint, where CoreDNS and the like can run"
        )
    return pools


def _nodepool(table: Table) -> NodepoolSettings:
    disks = catalogue.DISK_SIZE_GB
    labels, taints = table.table("labels"), table.table("taints")
    size, bounds, most = _size(table)
    pool = NodepoolSettings(
        size=size,
        bounds=bounds,
        instance_type=_instance_type(table),
        disk_size_gb=table.number("disk-size-gb", 20, least=disks.start, most=disks.stop - 1),
        instance_prefix=table.text("instance-prefix", "pool", form=NAME),
        anti_affinity=table.switch("anti-affinity", True),
        labels={key: labels.text(key, form=LABEL_VALUE) for key in labels.names(LABEL_KEY)},
        taints={key: taints.text(key, form=TAINT) for key in taints.names(LABEL_KEY)},
    )
    for key in OWN_LABELS & pool.labels.keys():
        labels.refuse(labels.full(key), pool.labels[key], "any label but this: the stack sets it itself")
    for key in filter(reserved, pool.labels):
        but = f"a prefix of your own, or {' or '.join(f'{prefix}/' for prefix in ALLOWED)}"
        labels.refuse(labels.full(key), pool.labels[key], f"{but}: no node may give itself this label")
    room = catalogue.INSTANCES_PER_ANTI_AFFINITY_GROUP
    if pool.anti_affinity and most > room:
        table.refuse(table.full("size"), most, f"up to {room}, or more with {table.full('anti-affinity')} false")
    table.finish()
    return pool


def _size(table: Table) -> tuple[int, str, int]:
    """The number of nodes to make a pool with, the bounds in words, and the most nodes that the settings speak of."""
    given = table.values.get("size")
    if isinstance(given, Mapping):
        limits = table.table("size")
        least = limits.number("min", 1, least=0)
        most = limits.number("max", None, least=max(1, least))
        limits.finish()
        return max(1, least), f"{least} to {most}", most
    if given is None or (isinstance(given, int) and not isinstance(given, bool)):
        size = table.number("size", 2, least=0)
        return size, "", size
    table.text("size", form=SIZE)
    return 2, EXTERNAL, 2


def _instance_type(table: Table) -> str:
    value = table.text("instance-type", "standard.small")
    if value and value not in catalogue.NODE_TYPES:
        families, sizes = " ".join(catalogue.INSTANCE_FAMILIES), " ".join(catalogue.NODE_SIZES)
        table.refuse(table.full("instance-type"), value, f"family.size with a family of {families}; a size of {sizes}")
    return value
