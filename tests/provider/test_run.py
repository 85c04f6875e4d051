"""What the user sees of a run: progress, what stays on the screen, and the truth about one that was cancelled."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.provider.conftest import INPUTS, Calls, Engine, Steps, refusal, state, urn

LEFT = "63.50 CHF a month run on"
CANCELLED = f"cancelled before the stack was gone; {LEFT}. Next: `pulumi destroy` again, whatever Pulumi says below"


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor() as made:
        yield made


class Held:
    """A step that works until it is let go."""

    def __init__(self) -> None:
        self.began, self._go = threading.Event(), threading.Event()

    def __call__(self, *_: Any) -> list[str]:
        self.began.set()
        assert self._go.wait(10)
        return []

    def let_go(self) -> None:
        self._go.set()


def test_what_a_step_says_while_it_works_is_progress_and_what_it_ends_with_stays(calls: Calls, engine: Engine) -> None:
    calls.delete("StackId")

    assert engine.progress == ["sweep_stack at work"]
    assert engine.kept == ["receipt: nothing that costs money is left"]
    assert {line.urn for line in engine.logged} == {urn("StackId")}


def test_a_step_that_refuses_ends_in_its_one_line(calls: Calls, steps: Steps) -> None:
    line = steps.refuses("drain", "the cluster's volumes hold data: x. Next: delete their claims")

    assert refusal(lambda: calls.delete("Drain")) == line


def test_steps_run_beside_each_other(calls: Calls, steps: Steps, pool: ThreadPoolExecutor) -> None:
    together = threading.Barrier(2)
    steps.drain = lambda *_: [f"{together.wait(10)}"]  # type: ignore[attr-defined]

    assert [done.result(10) for done in [pool.submit(calls.delete, "Drain") for _ in range(2)]] == [None, None]


def test_a_cancel_while_a_step_runs_says_what_still_runs_and_what_to_do(
    calls: Calls, steps: Steps, engine: Engine, pool: ThreadPoolExecutor
) -> None:
    steps.drain = held = Held()  # type: ignore[attr-defined]
    draining = pool.submit(calls.delete, "Drain")
    assert held.began.wait(10)
    calls.cancel()
    held.let_go()
    draining.result(10)
    calls.cancel()  # the engine's second one, when it closes the provider

    assert engine.warnings == [CANCELLED]
    assert engine.kept == [CANCELLED]


def test_a_cancel_between_our_steps_says_so_too(calls: Calls, engine: Engine) -> None:
    calls.delete("Drain")
    calls.cancel()

    assert engine.warnings == [CANCELLED.replace("cancelled", "cancelled, or failed,", 1)]


def test_a_cancelled_up_names_both_ways_on(
    calls: Calls, steps: Steps, engine: Engine, pool: ThreadPoolExecutor
) -> None:
    calls.check("Drain")
    steps.arm = held = Held()  # type: ignore[attr-defined]
    arming = pool.submit(calls.create, "Drain")
    assert held.began.wait(10)
    calls.cancel()
    held.let_go()
    arming.result(10)

    assert engine.warnings == [f"cancelled before all was done; {LEFT}. Next: `pulumi up` or `pulumi destroy`"]


def everything(calls: Calls) -> None:
    for kind in ("Drain", "SecondDrain", "UnfinishedDrain", "NodepoolSweep", "RuleSweep", "StackId"):
        calls.delete(kind)


def an_up_with_a_removal(calls: Calls) -> None:
    calls.check("StackId")
    calls.diff("StackId", state("StackId"), INPUTS["StackId"])
    calls.delete("Drain")


def a_preview(calls: Calls) -> None:
    calls.check("Drain")
    calls.create("Drain", preview=True)


def a_refused_step(calls: Calls) -> None:
    calls.delete("Drain")
    calls.steps.refuses("sweep_stack")
    refusal(lambda: calls.delete("StackId"))


@pytest.mark.parametrize("run", [everything, an_up_with_a_removal, a_preview, a_refused_step])
def test_the_engines_call_at_a_runs_own_end_is_no_cancel(
    calls: Calls, engine: Engine, run: Callable[[Calls], None]
) -> None:
    run(calls)
    calls.cancel()

    assert engine.warnings == []


def test_a_cancel_before_our_first_step_is_told_once_it_is_sure_not_to_be_the_runs_own_end(
    calls: Calls, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("components.provider.server._ENGINE_ENDS_SECONDS", 0.05)
    calls.cancel()

    assert engine.warned.wait(10)
    assert engine.warnings == [CANCELLED.replace(f"; {LEFT}", "")]


def test_a_cancel_is_told_also_where_nobody_can_say_what_still_runs(calls: Calls, steps: Steps, engine: Engine) -> None:
    steps.answers("remaining", OSError("no route to host"))
    calls.delete("Drain")
    calls.cancel()

    (line,) = engine.warnings
    assert "; what still runs is not known: no route to host. Next: `pulumi destroy` again" in line


def test_a_cancel_is_answered_before_the_engine_loses_patience(
    calls: Calls, steps: Steps, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("components.provider.server._PATIENCE_SECONDS", 0.05)
    steps.remaining = held = Held()  # type: ignore[attr-defined]
    calls.delete("Drain")
    began = time.monotonic()
    calls.cancel()
    took = time.monotonic() - began
    held.let_go()

    assert took < 5
    assert "Exoscale did not answer in time" in engine.warnings[0]


def test_an_engine_that_is_gone_stops_no_step(steps: Steps) -> None:
    from components.provider.progress import EngineLog

    EngineLog("127.0.0.1:1").keep("urn", "nobody hears this")
