"""Machines of a nodepool that are not what it makes now: the API applies a change to those that are made later only
(docs/exoscale.md, Nodepools and instances)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from .account import Account, Document
from .stack_ref import KEYS


@dataclass(frozen=True)
class Kind:
    """The properties of a machine, or of those that a pool makes.

    Args:
        instance_type: `family.size`.
        disk_size_gb: of its disk.
        image: id of the template that it was made of; empty where nobody says.
        labels: of its node; None where nobody could be asked.
        taints: of its node, `{key: "value:effect"}`; None likewise.
    """

    instance_type: str
    disk_size_gb: int
    image: str = ""
    labels: Mapping[str, str] | None = field(default_factory=dict)
    taints: Mapping[str, str] | None = field(default_factory=dict)

    def lacks(self, wanted: "Kind") -> list[str]:
        """The properties that a machine would have if its pool made it now, in words; empty where it has all of them.

        A label or a taint that the pool has no more is no difference: people give nodes both by hand.
        """
        found = [wanted.instance_type] if self.instance_type != wanted.instance_type else []
        found += [f"a disk of {wanted.disk_size_gb} GiB"] if self.disk_size_gb != wanted.disk_size_gb else []
        found += ["today's image"] if self.image and wanted.image and self.image != wanted.image else []
        for what, has, wants in (("label", self.labels, wanted.labels), ("taint", self.taints, wanted.taints)):
            if has is not None:
                found += [f"{what} {key}={value}" for key, value in (wants or {}).items() if has.get(key) != value]
        return found


def types(account: Account) -> dict[str, str]:
    """The instance types, `family.size` by id.

    Raises:
        TeardownError: the cloud does not say.
    """
    listed = account.call(account.list_instance_types)["instance-types"]
    return {one["id"]: f"{one['family']}.{one['size']}" for one in listed}


def made_by(nodepool: Document, types: Mapping[str, str]) -> Kind:
    """Describes the machines that a nodepool makes. A changed owner in their labels is no reason to replace one.

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
    """Describes a machine.

    Args:
        instance: as `get-instance` shows it.
        node: what it joined the cluster as; None before it has, and where the cluster does not answer.
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
