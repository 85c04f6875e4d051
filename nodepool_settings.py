"""The nodepools' settings: what a pool may be, and how it is read."""

from collections.abc import Mapping
from dataclasses import dataclass

from components import catalogue
from components.identity import Identity
from node_labels import ALLOWED, LABEL, LABEL_KEY, LABEL_VALUE, reserved
from reading import Form, Table

TAINT = Form(
    rf"{LABEL}:({'|'.join(catalogue.TAINT_EFFECTS)})",
    f"value:effect with effect {', '.join(catalogue.TAINT_EFFECTS)}, such as gpu:NoSchedule",
)
NAME = Form(
    rf"[a-z]([a-z0-9-]{{0,{catalogue.INSTANCE_PREFIX_LENGTH - 2}}}[a-z0-9])?",
    f"{catalogue.INSTANCE_PREFIX_LENGTH} lower-case letters, digits or hyphens at most, a letter first",
)
OWN_LABELS = Identity("", "", "", "").labels.keys()


@dataclass(frozen=True)
class NodepoolSettings:
    """See `nodepools` in Pulumi.yaml. `taints` is `{key: "value:effect"}`."""

    size: int
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
    return {name: _nodepool(table.table(name)) for name in names}


def _nodepool(table: Table) -> NodepoolSettings:
    disks = catalogue.DISK_SIZE_GB
    labels, taints = table.table("labels"), table.table("taints")
    pool = NodepoolSettings(
        size=table.number("size", 2, least=1),
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
    most = catalogue.INSTANCES_PER_ANTI_AFFINITY_GROUP
    if pool.anti_affinity and pool.size > most:
        table.refuse(table.full("size"), pool.size, f"up to {most}, or more with {table.full('anti-affinity')} false")
    table.finish()
    return pool


def _instance_type(table: Table) -> str:
    value = table.text("instance-type", "standard.small")
    if value and value not in catalogue.NODE_TYPES:
        families, sizes = " ".join(catalogue.INSTANCE_FAMILIES), " ".join(catalogue.NODE_SIZES)
        table.refuse(table.full("instance-type"), value, f"family.size with a family of {families}; a size of {sizes}")
    return value
