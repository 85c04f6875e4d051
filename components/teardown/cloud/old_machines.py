"""Finds machines that differ from what their nodepool makes now: the API applies a change only to later machines
(docs/exoscale.md, Nodepools and instances)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from .account import Account, Document
from .stack_ref import KEYS


@dataclass(frozen=True)
class Kind:
    """Properties of a machine, or of the machines that a pool makes.

    Args:
        instance_type: `family.size`.
        disk_size_gb: size of its disk.
        image: id of its template; empty if not known.
        labels: labels of its node; None if not known.
        taints: taints of its node, `{key: "value:effect"}`; None if not known.
    """

    instance_type: str
    disk_size_gb: int
    image: str = ""
    labels: Mapping[str, str] | None = field(default_factory=dict)
    taints: Mapping[str, str] | None = field(default_factory=dict)

    def lacks(self, wanted: "Kind") -> list[str]:
        """Says what the machine would have if its pool made it now, in words; empty if it has all of it.

        A label or taint that the pool no longer has is not a difference: people add both to nodes by hand.
        """
        found = [wanted.instance_type] if self.instance_type != wanted.instance_type else []
        found += [f"a disk of {wanted.disk_size_gb} GiB"] if self.disk_size_gb != wanted.disk_size_gb else []
        found += ["today's image"] if self.image and wanted.image and self.image != wanted.image else []
        for what, has, wants in (("label", self.labels, wanted.labels), ("taint", self.taints, wanted.taints)):
            if has is not None:
                found += [f"{what} {key}={value}" for key, value in (wants or {}).items() if has.get(key) != value]
        return found


def types(account: Account) -> dict[str, str]:
    """Returns the instance types: `family.size` by id.

    Raises:
        TeardownError: the cloud does not answer.
    """
    listed = account.call(account.list_instance_types)["instance-types"]
    return {one["id"]: f"{one['family']}.{one['size']}" for one in listed}


def made_by(nodepool: Document, types: Mapping[str, str]) -> Kind:
    """Returns what a nodepool makes, without the labels that name the stack: they are no reason to replace a machine.

    Args:
        types: `family.size` by id.
    """
    taints = {key: f"{taint['value']}:{taint['effect']}" for key, taint in (nodepool.get("taints") or {}).items()}
    return Kind(
        types.get(nodepool["instance-type"]["id"], ""),
        nodepool["disk-size"],
        (nodepool.get("template") or {}).get("id", ""),
        {key: value for key, value in (nodepool.get("labels") or {}).items() if key not in KEYS},
        taints,
    )


def of_machine(instance: Document, node: Document | None, types: Mapping[str, str]) -> Kind:
    """Returns what a machine is.

    Args:
        instance: as `get-instance` shows it.
        node: its node; None if it has not joined the cluster, or the cluster does not answer.
        types: `family.size` by id.
    """
    taints = {
        one["key"]: f"{one.get('value', '')}:{one['effect']}" for one in (node or {}).get("spec", {}).get("taints", [])
    }
    return Kind(
        types.get(instance["instance-type"]["id"], ""),
        instance["disk-size"],
        (instance.get("template") or {}).get("id", ""),
        node["metadata"].get("labels", {}) if node else None,
        taints if node else None,
    )
