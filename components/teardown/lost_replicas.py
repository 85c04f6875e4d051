"""Volumes of Longhorn that an `up` would destroy: it takes nodes, or Longhorn itself, away from a living cluster."""

from collections.abc import Mapping, Sequence

from .errors import TeardownError
from .storage_policy import OVERRIDE


def refuse(volumes: Sequence[object], losses: Mapping[str, int], without: bool) -> None:
    """
    Args:
        volumes: those that may be left without a replica.
        losses: how many nodes each nodepool loses, by its name.
        without: whether Longhorn itself is uninstalled.

    Raises:
        TeardownError: there are any.
    """
    if not volumes:
        return
    lost = [f"nodepool {name} loses {nodes} node{'' if nodes == 1 else 's'}" for name, nodes in losses.items()]
    why = "storage.longhorn is false" if without else " and ".join(lost)
    rest = "" if without else ", or let Longhorn put a replica on another pool"
    raise TeardownError(
        f"{why}, and that may take the last replica of {'; '.join(map(str, volumes))}. Next: delete their "
        f"claims{rest}; or give the data up: `{OVERRIDE}=delete pulumi up`"
    )
