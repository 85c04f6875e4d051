"""Waits for what ends by itself, and gives up on what does not move."""

import time
from collections.abc import Callable, Sized
from typing import TypeVar

Left = TypeVar("Left", bound=Sized)


def wait_until(
    probe: Callable[[], Left], patience: float, pause: Callable[[float], object] = lambda left: time.sleep(min(left, 1))
) -> Left:
    """Calls `probe` until it finds nothing left.

    Args:
        probe: what is still there; empty when the wait is over. It is called once at least.
        patience: seconds without progress after which it gives up. Fewer things left than ever before is progress.
        pause: called between two probes, with the seconds of patience that remain.

    Returns:
        What was left at the last look; empty when all went well.
    """
    left = probe()
    fewest, deadline = len(left), time.monotonic() + patience
    while len(left) and (remaining := deadline - time.monotonic()) > 0:
        pause(remaining)
        left = probe()
        if len(left) < fewest:
            fewest, deadline = len(left), time.monotonic() + patience
    return left
