"""How long a stack lives after an `up`: as a setting, as a label of its cluster, and as a time."""

import re
from collections.abc import Mapping
from datetime import timedelta

NO_TTL = "none"
TTL = "ttl"  # the label's key
PATTERN = "[1-9][0-9]{0,3}[hd]"

_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1)}


def of_labels(labels: Mapping[str, str] | None) -> str:
    """Reads it from a cluster's labels, which people can change; empty without a valid one."""
    ttl = (labels or {}).get(TTL, "")
    return ttl if re.fullmatch(PATTERN, ttl) else ""


def lifetime(ttl: str) -> timedelta:
    """How long a stack lives after an `up`.

    Args:
        ttl: of `PATTERN`, such as `12h` or `7d`.
    """
    return int(ttl[:-1]) * _UNITS[ttl[-1]]
