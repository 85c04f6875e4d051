"""The order and the patience of the queue."""

import threading
import time

from sandbox.controllers.work_queue import WorkQueue


def _queue() -> WorkQueue:
    return WorkQueue(first_seconds=0.02, most_seconds=0.05)


def test_a_key_waits_once_however_often_it_is_added() -> None:
    queue = _queue()
    for key in ("a", "b", "a"):
        queue.add(key)
    assert [queue.get(), queue.get()] == ["a", "b"]
    queue.close()
    assert queue.get() is None


def test_a_key_added_during_its_work_comes_again_after_it() -> None:
    queue = _queue()
    queue.add("a")
    assert queue.get() == "a"
    queue.add("a")
    queue.add("b")
    assert queue.get() == "b"
    queue.done("a")
    assert queue.get() == "a"


def _waited(queue: WorkQueue) -> float:
    began = time.monotonic()
    queue.retry("a")
    assert queue.get() == "a"
    queue.done("a")
    return time.monotonic() - began


def test_each_failure_waits_twice_as_long_as_the_last_until_one_succeeds() -> None:
    queue = WorkQueue(first_seconds=0.03, most_seconds=60)
    for failure in range(6):
        assert _waited(queue) >= 0.03 * 2**failure
    queue.forget("a")
    assert _waited(queue) < 0.03 * 2**5


def test_no_failure_waits_longer_than_the_limit() -> None:
    queue = _queue()
    assert sum(_waited(queue) for _ in range(14)) < 0.02 * 2**13


def test_a_key_that_fails_for_ever_waits_once_however_often_it_is_wanted_meanwhile() -> None:
    """As client-go's queue: with a wait for each failure, every resync would begin another chain of tries."""
    queue = WorkQueue(first_seconds=0.2, most_seconds=0.2)
    for _ in range(10):
        queue.add("a")
        assert queue.get() == "a"
        queue.retry("a")
        queue.done("a")
    assert queue.get() == "a"
    queue.done("a")
    threading.Timer(0.5, queue.close).start()
    assert queue.get() is None


def test_a_worker_that_waits_is_woken_by_the_close() -> None:
    queue = _queue()
    answers: list[str | None] = []
    worker = threading.Thread(target=lambda: answers.append(queue.get()))
    worker.start()
    queue.close()
    worker.join(5)
    assert answers == [None]
