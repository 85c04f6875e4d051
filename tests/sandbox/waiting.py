"""Waiting for another process or thread, with a limit."""

import time
from collections.abc import Callable
from typing import Any


def eventually(holds: Callable[[], object], seconds: float = 60, what: str = "") -> Any:
    """Asks again until it holds and returns that answer; fails after that many seconds with `what`, or the last one."""
    deadline = time.monotonic() + seconds
    while not (answer := holds()):
        assert time.monotonic() < deadline, f"not within {seconds} s: {what or f'still {answer!r}'}"
        time.sleep(0.05)
    return answer


def until(done: Callable[[], object], what: str, seconds: float = 60) -> None:
    """Returns when `done()` is true; fails the test with `what` when it is not in that time."""
    eventually(done, seconds, what)
