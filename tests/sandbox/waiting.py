"""Waiting for another process, with a limit."""

import time
from collections.abc import Callable


def until(done: Callable[[], object], what: str, seconds: float = 60) -> None:
    """Returns when `done()` is true; fails the test with `what` when it is not in that time."""
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.05)
