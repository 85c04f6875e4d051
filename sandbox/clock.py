"""Time and randomness of the simulated cloud, injected so that a test can control both."""

import random
import time
import uuid
from datetime import UTC, datetime

# Factor of the real durations for everything: operations, and the clients' polls, retries and resyncs. One factor for
# all keeps the proportions, so the races that leak resources in the real cloud leak them here too.
PACES = {"fast": 0.05, "realistic": 1.0}
FAST = PACES["fast"]
LEAST_PACE = 0.01  # below it, the clients' polls alone keep the machine busy

# Seconds in the real cloud (docs/exoscale.md, Durations; the rest succeed at the first 3 s poll).
DURATIONS: dict[str, float] = {
    "create-sks-cluster": 79,
    "delete-sks-cluster": 30,
    "upgrade-sks-cluster": 60,
    "create-sks-nodepool": 39,
    "scale-sks-nodepool": 39,
    "evict-sks-nodepool-members": 20,
    "delete-sks-nodepool": 40,
    "create-instance-pool": 39,  # the same as for a nodepool
    "scale-instance-pool": 39,
    "evict-instance-pool-members": 20,
    "delete-instance-pool": 40,
    "create-instance": 39,  # the same as for a pool
    "delete-instance": 20,
    "create-load-balancer": 5,
    "add-service-to-load-balancer": 3,
}


class Clock:
    """The current time, and the durations of operations.

    Args:
        pace: factor of the real durations; 0, for tests of the API alone, ends each operation at once.
    """

    def __init__(self, pace: float = 0) -> None:
        self.pace = pace

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time()

    def timestamp(self) -> str:
        """Returns the current time as the API writes it (RFC 3339)."""
        return datetime.fromtimestamp(self.now(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def duration(self, operation_id: str) -> float:
        """Returns the least number of seconds that this operation stays pending."""
        return DURATIONS.get(operation_id, 2) * self.pace


class Ids:
    """New ids and random names, repeatable from a seed.

    Args:
        seed: None for ids that never repeat.
    """

    def __init__(self, seed: int | None = None) -> None:
        self._random = random.Random(seed)  # noqa: S311 - ids of a simulated cloud protect nothing

    def uuid(self) -> str:
        """A new object's id."""
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def letters(self, count: int, alphabet: str = "abcdefghijklmnopqrstuvwxyz") -> str:
        """A random suffix, as in node names."""
        return "".join(self._random.choice(alphabet) for _ in range(count))
