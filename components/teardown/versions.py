"""The Kubernetes versions that a cluster can get: those that Exoscale offers and that are not older than its own."""

from bisect import bisect
from collections.abc import Iterable, Sequence

from .changes import NEWEST
from .cloud.account import Account
from .errors import TeardownError

_NEARBY = 2  # number of versions to suggest below and above one that is not offered


def offered(account: Account) -> list[str]:
    """Returns the versions that Exoscale offers; empty if it does not answer."""
    try:
        found: list[str] = account.call(account.list_sks_cluster_versions).get("sks-cluster-versions", [])
    except TeardownError:
        return []
    return found


def refused(wanted: str, running: str, offered: Sequence[str]) -> str:
    """Says in one line why a cluster cannot get a version; empty if it can, or if that cannot be found out.

    Args:
        wanted: the version in the settings.
        running: the cluster's version; empty if there is no cluster, or if it is replaced.
        offered: the versions that Exoscale offers; empty if it does not answer.
    """
    if wanted in ("", running, *offered) and not _is_older(wanted, running):
        return ""
    newer = [one for one in offered if not _is_older(one, running)]
    allowed = ", ".join(dict.fromkeys([NEWEST, *([running] if running else []), *_nearest(wanted, newer)]))
    if _is_older(wanted, running):
        return (
            f"version is {wanted}, and the cluster runs {running}: Exoscale takes no cluster back to an older one; "
            f"allowed: {allowed}"
        )
    return f"version is {wanted}, which Exoscale does not offer; allowed: {allowed}" if offered else ""


def _is_older(version: str, than: str) -> bool:
    return bool(version and than) and _numbers(version) < _numbers(than)


def _nearest(version: str, known: Iterable[str]) -> list[str]:
    ordered = sorted(known, key=_numbers)
    place = bisect(ordered, _numbers(version), key=_numbers)
    return ordered[max(0, place - _NEARBY) : place + _NEARBY]


def _numbers(version: str) -> list[int]:
    return [int(part) for part in version.split(".")]
