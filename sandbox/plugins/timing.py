"""The stand-ins' waiting times; the real plugins have only one pace."""

from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True)
class Timing:
    """Pauses of the exoscale stand-in.

    Args:
        poll_seconds: between two looks at an operation, the first after one pause. Every real step costs it.
        backoff_seconds: before the first retry of a failed call; doubled each time.
    """

    poll_seconds: float = 3.0
    backoff_seconds: float = 1.0

    @classmethod
    def of(cls, pace: float) -> Self:
        """Returns the timing for a cloud's pace, see `sandbox.clock.PACES`."""
        return cls(3.0 * pace, 1.0 * pace)
