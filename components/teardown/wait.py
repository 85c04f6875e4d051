"""Waits for something to finish, and gives up if there is no progress."""

import time
from collections.abc import Callable, Sized
from typing import TypeVar

Left = TypeVar("Left", bound=Sized)


def wait_until(
    probe: Callable[[], Left], patience: float, pause: Callable[[float], object] = lambda left: time.sleep(min(left, 1))
) -> Left:
    """Calls `probe` until it finds nothing left.

    Args:
        probe: returns what is left; empty ends the wait. It is called at least once.
        patience: seconds without progress after which it gives up. Fewer things left than ever before is progress.
        pause: called between two probes with the remaining seconds of patience.

    Returns:
        What the last probe found; empty on success.
    """
    left = probe()
    fewest, deadline = len(left), time.monotonic() + patience
    while len(left) and (remaining := deadline - time.monotonic()) > 0:
        pause(remaining)
        left = probe()
        if len(left) < fewest:
            fewest, deadline = len(left), time.monotonic() + patience
    return left
