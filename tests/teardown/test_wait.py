"""Waiting for what ends by itself: as long as it moves, and no longer than one's patience when it does not."""

from collections.abc import Callable, Iterator

import pytest

from components.teardown.wait import wait_until


class Time:
    """A clock that moves only when somebody pauses."""

    def __init__(self) -> None:
        self.now = 100.0
        self.pauses: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    made = Time()
    monkeypatch.setattr("components.teardown.wait.time", made)
    return made


def left(*sizes: int) -> Callable[[], range]:
    """What a probe finds, each time it looks; the last for ever."""
    looks: Iterator[int] = iter(sizes)
    last = sizes[-1]
    return lambda: range(next(looks, last))


def test_what_is_over_already_costs_no_pause(time: Time) -> None:
    assert not wait_until(left(0), 10)
    assert time.pauses == []


def test_it_looks_once_also_without_patience(time: Time) -> None:
    assert len(wait_until(left(2), 0)) == 2
    assert not wait_until(left(0), 0)
    assert time.pauses == []


def test_it_looks_every_second_and_gives_up_on_what_does_not_move(time: Time) -> None:
    assert len(wait_until(left(2), 2.5)) == 2
    assert time.pauses == [1, 1, 0.5]


def test_as_long_as_less_is_left_its_patience_begins_anew(time: Time) -> None:
    assert not wait_until(left(3, 3, 2, 2, 1, 1, 0), 2)
    assert time.now == 106


def test_what_comes_back_is_no_progress(time: Time) -> None:
    """Else two things that take turns would be waited for, for ever."""
    assert wait_until(left(2, 1, 2, 1, 2, 1), 3)
    assert time.now == 104


def test_whoever_waits_may_pause_as_they_like_and_is_told_what_patience_remains(time: Time) -> None:
    remaining: list[float] = []

    def pause(seconds: float) -> None:
        remaining.append(seconds)
        time.now += 4

    assert wait_until(left(1), 10, pause)
    assert remaining == [10, 6, 2]
