"""When a stack expires: so long after its last `up` as its `ttl` says. Nothing in the cloud changes at an `up` for it.

The `ttl` is a label of the cluster, and so in the state; the time of the last `up` is in the backend's history.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from .project_audit import EXPORTS, ProjectAudit
from .state.backend import Backend
from .ttl import lifetime


@dataclass(frozen=True)
class Expiry:
    """The end of a stack's life, if there is no further `up`.

    Args:
        ttl: its setting, such as `12h`.
        last_up: time when its last `up` ended.
    """

    ttl: str
    last_up: datetime

    @property
    def at(self) -> datetime:
        """When it expires."""
        return self.last_up + lifetime(self.ttl)

    def __str__(self) -> str:
        return f"ttl {self.ttl}, last up {self.last_up:%Y-%m-%d %H:%M} UTC"


def expiry(name: str, ttl: str, backend: Backend, saved: datetime | None) -> Expiry | None:
    """Returns when a stack expires; None if no history and no state says when it was last changed.

    Args:
        saved: time when its state was written, which counts for an `up` that was killed before it was history.
    """
    last = backend.last_up(name) or saved
    return Expiry(ttl, last) if last else None


def expiries(audit: ProjectAudit, backend: Backend) -> Mapping[str, Expiry]:
    """Returns when the stacks expire whose states say so, by their names."""
    mortal = {name: state for name, state in audit.states.items() if state.ttl}
    with ThreadPoolExecutor(EXPORTS) as pool:
        asked = pool.map(lambda name: expiry(name, mortal[name].ttl, backend, mortal[name].saved), mortal)
        return {name: found for name, found in zip(mortal, asked, strict=True) if found}
