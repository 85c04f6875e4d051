"""Parked nodepools: the API scales an existing pool to 0, but creates none with 0 (docs/exoscale.md, Limits)."""

from .changes import Chosen


def unmade(chosen: Chosen, recorded: Chosen | None) -> str:
    """Says in one line why a pool of these settings cannot be created; empty if all can.

    Args:
        recorded: the settings of the last `up`; None for a new stack.
    """
    there = recorded.nodepools if recorded and _same_cluster(chosen, recorded) else {}
    name = next((name for name, size in chosen.nodepools.items() if size == 0 and name not in there), "")
    return name and (
        f"nodepools.{name}.size is 0, and Exoscale makes no nodepool without a node. Next: "
        f"`pulumi config set --path 'nodepools.{name}.size' 1 && pulumi up`, then set it to 0 and `pulumi up` again"
    )


def _same_cluster(chosen: Chosen, recorded: Chosen) -> bool:
    """Whether no changed setting replaces the cluster, and its pools with it (docs/adr/0004)."""
    return all(getattr(chosen, key) == getattr(recorded, key) for key in ("zone", "level", "cni"))
