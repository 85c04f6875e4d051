"""The soak's own arithmetic: what it draws can be drawn again, and what leaked is counted."""

from pathlib import Path

from tests.engine.faults.account import Held
from tests.soak import record
from tests.soak.neighbours import touched
from tests.soak.plan import CALLS, EVENTS, NEIGHBOURS, Plans
from tests.soak.run import Result


def result(way: str, stuck: bool = False, touched: int = 0, **leaked: int) -> Result:
    harmed = tuple(f"volume {number}: gone" for number in range(touched))
    return Result(way, ("up@1: CCM killed (x)",), 1, ("error: no",) if stuck else (), leaked, harmed, 1.0)


def test_a_run_is_replayed_by_seed_and_number() -> None:
    assert Plans(7).plan(12) == Plans(7).plan(12)
    assert Plans(7).plan(12) != Plans(8).plan(12)


def test_every_kind_of_trouble_is_drawn_and_none_beyond_the_last_call() -> None:
    events = [event for number in range(500) for event in Plans(1).plan(number).events]

    assert {event.what for event in events} == set(EVENTS)
    assert all(1 <= event.call <= CALLS[event.phase] for event in events)


def test_every_kind_of_neighbour_is_drawn() -> None:
    assert {kind for number in range(100) for kind in Plans(1).plan(number).neighbours} == set(NEIGHBOURS)


def test_what_changed_of_others_is_told_from_what_was_added_to_their_load_balancer() -> None:
    def held(**fields: object) -> Held:
        return {"load-balancer": {"a": {"id": "a", "services": [{"id": "s"}], "labels": {"stack": "x"}, **fields}}}

    assert touched(held(), held(services=[{"id": "s"}, {"id": "t"}])) == ()
    assert touched(held(), held(services=[{"id": "t"}])) == ("load-balancer a: services",)
    assert touched(held(), held(labels={})) == ("load-balancer a: labels",)
    assert touched(held(), {"load-balancer": {}}) == ("load-balancer a: gone",)


def test_the_last_line_counts_runs_faults_and_leaks_of_both_ways() -> None:
    plans = [Plans(1).plan(number) for number in (1, 2)]
    rows = [
        record.row(1, plans[0], [result("ours"), result("classic", instance=2, volume=1)]),
        record.row(1, plans[1], [result("ours"), result("classic", stuck=True, touched=1, instance=1)]),
    ]

    assert record.tally(rows, "ours") == record.Tally(runs=2, leaking=0, silent=0, leaked=0, touched=0)
    assert record.summary(rows) == (
        "2 runs, 2 faults; ours: 0 leaked billable objects in 0 runs (0%), in 0 of them though destroy had reported "
        "success, and 0 things of others touched; classic: 4 leaked billable objects in 2 runs (100%), in 1 of them "
        "though destroy had reported success, and 1 things of others touched"
    )


def test_the_record_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    rows = [record.row(3, Plans(3).plan(number), [result("ours", instance=number)]) for number in (2, 1)]
    record.write(tmp_path / "soak.csv", rows)

    assert record.read(tmp_path / "soak.csv", 3) == {2: rows[0], 1: rows[1]}
    assert record.read(tmp_path / "soak.csv", 4) == {}
