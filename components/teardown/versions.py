"""Which Kubernetes versions a cluster can get: what Exoscale offers, and none older than it runs."""

from bisect import bisect
from collections.abc import Iterable, Sequence

from .cloud.account import Account
from .errors import TeardownError

NEWEST = "newest"  # the setting that takes what there is; `Chosen` has it as an empty text
_NEARBY = 2  # so many below a version that is not on offer are named, and so many above


def offered(account: Account) -> list[str]:
    """Those that Exoscale offers; empty where it does not say."""
    try:
        found: list[str] = account.call(account.list_sks_cluster_versions).get("sks-cluster-versions", [])
    except TeardownError:
        return []
    return found


def refused(wanted: str, running: str, offered: Sequence[str]) -> str:
    """Why a cluster does not get a version, in one line; empty where it does, and where nobody can say.

    Args:
        wanted: by the settings.
        running: in the cluster; empty where there is none, or where it is replaced.
        offered: by Exoscale; empty where it does not say.
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
