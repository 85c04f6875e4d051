"""Reads the setting of Longhorn: `true`, `false`, or an object."""

from collections.abc import Mapping

from components.checks import Checks
from components.cluster_args import ClusterArgs
from components.longhorn import OFFICIAL, LonghornArgs

from .charts import chart
from .reading import Table

KEY = "longhorn"
_NAMES = {
    "replicas": f"{KEY}.replicas",
    "default_class": f"{KEY}.default-class",
    "timeout_seconds": f"{KEY}.timeout-seconds",
}


def longhorn(storage: Table, local: bool) -> LonghornArgs | None:
    """Reads `storage.longhorn`; notes mistakes in the problems. None: it is not to be installed.

    Args:
        local: whether the cluster's nodes are containers.
    """
    value = storage.take(KEY, False)
    if isinstance(value, Mapping):
        args = _object(storage.table(KEY), storage)
    elif isinstance(value, bool):
        args = LonghornArgs() if value else None
    else:
        storage.refuse(KEY, value, "true, false, or an object")
        return None
    if args and local:
        storage.refuse(KEY, True, "false on k3d, whose nodes are containers and attach no iSCSI disk")
    return args


def check_nodes(storage: Table, args: LonghornArgs | None, cluster: ClusterArgs | None) -> None:
    """Notes that there are fewer nodes than a volume has replicas."""
    checks = Checks()
    if args and cluster:
        args.check_nodes(checks, cluster.nodepools)
    storage.adopt(checks.problems, _NAMES)


def _object(table: Table, storage: Table) -> LonghornArgs | None:
    keys = {"replicas": "replicas", "default_class": "default-class", "timeout_seconds": "timeout-seconds"}
    arguments = {**table.arguments(LonghornArgs, **keys), "chart": chart(table, OFFICIAL)}
    table.finish()
    return storage.made(LonghornArgs, arguments, _NAMES)
