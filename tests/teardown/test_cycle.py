"""Making machines new that are not what their pool makes: one by one, gently, and again after any interruption."""

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.teardown.cloud.account import Document
from components.teardown.cluster.nodes import NODES
from components.teardown.errors import TeardownError
from tests.teardown.cycled import Fleet, fleet
from tests.teardown.paper import OURS


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("components.teardown.cloud.account._FIRST_POLL_SECONDS", 0.001)


@pytest.fixture
def web() -> Iterator[Fleet]:
    with fleet() as made:
        yield made


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"labels": {"team": "web"}},
        {"taints": {"dedicated": {"value": "web", "effect": "NoSchedule"}}},
    ],
    ids=["type", "labels", "taints"],
)
def test_every_machine_is_what_its_pool_makes_in_the_end_and_there_are_as_many_as_before(
    web: Fleet, change: dict[str, Document]
) -> None:
    old = {one["id"] for one in web.machines}
    web.change(**change)
    web.cycle()

    assert len(web.machines) == 2
    assert not old & {one["id"] for one in web.machines}
    assert web.said[-1] == f"cluster {web.cluster}: every machine is what its pool makes"


def test_machines_that_are_what_their_pool_makes_are_let_alone(web: Fleet) -> None:
    old = web.machines
    web.cycle()

    assert web.machines == old


def test_there_are_never_fewer_machines_than_before_nor_more_than_one_beyond(web: Fleet) -> None:
    running: set[int] = set()
    web.server.before = lambda _: running.add(len(web.machines))
    web.change()
    web.cycle()

    assert running == {2, 3}


def test_pods_are_evicted_from_a_node_that_takes_no_new_ones_and_those_of_daemon_sets_stay(web: Fleet) -> None:
    first, second = web.machines
    web.server.pod("shop-1", first["id"])
    web.server.pod("shop-2", second["id"])
    web.server.pod("on-each-node", first["id"], owner="DaemonSet")
    web.change()
    web.cycle()

    assert sorted(web.server.evicted) == [("shop-1", True), ("shop-2", True)]


def test_a_disruption_budget_is_waited_for_and_names_the_pod_when_it_lasts(web: Fleet) -> None:
    machine = web.machines[0]["id"]
    web.server.pod("shop-1", machine)
    web.server.budgets = {"shop-1"}
    web.change()
    with pytest.raises(TeardownError, match=r"pod shop/shop-1 on \S+ is held: Cannot evict pod .*Next: ") as refused:
        web.cycle(patience=0)

    assert "\n" not in str(refused.value)
    assert machine in [one["id"] for one in web.machines]
    web.server.budgets.clear()
    web.cycle()
    assert web.kinds == ["medium", "medium"]


def test_a_pod_that_nobody_makes_again_stops_it_before_its_node_is_touched(web: Fleet) -> None:
    for machine in web.machines:
        web.server.pod(f"alone-on-{machine['id']}", machine["id"], owner="")
    web.change()
    with pytest.raises(TeardownError, match=r"nobody would make pod shop/alone-on-\S+ on \S+ again. Next: "):
        web.cycle()

    assert web.kinds == ["small", "small"]
    assert not any(node["spec"].get("unschedulable") for node in web.server.items(NODES))


def test_a_nodepool_that_the_state_does_not_record_is_let_alone(web: Fleet) -> None:
    other, pool = web.world.nodepool(web.cluster, OURS)
    [machine] = web.world.cloud.store.where("instance", "manager.id", pool)
    web.server.get(NODES)
    web.world.make("update_sks_nodepool", id=web.cluster, sks_nodepool_id=other, labels={"team": "web"})
    web.cycle()
    assert web.world.cloud.store.where("instance", "manager.id", pool) == [machine]

    web.cycle(other)
    assert web.world.cloud.store.where("instance", "manager.id", pool) != [machine]


def test_without_room_for_one_machine_more_the_old_one_goes_first(web: Fleet) -> None:
    web.world.cloud.limits["instance"] = 2
    web.change()
    web.cycle()

    assert web.kinds == ["medium", "medium"]
    assert any("there is no room for the new machine first" in line for line in web.said)


def test_a_machine_that_a_killed_run_took_is_given_back(web: Fleet) -> None:
    web.change()
    web.world.make(
        "evict_sks_nodepool_members", id=web.cluster, sks_nodepool_id=web.nodepool, instances=[web.machines[0]["id"]]
    )
    web.cycle(sizes={"web": 2})

    assert web.kinds == ["medium", "medium"]


@given(at=st.integers(0, 60), after=st.booleans())
@settings(max_examples=30, deadline=None)
def test_interrupted_anywhere_and_run_again_it_ends_the_same(at: int, after: bool) -> None:
    with fleet() as web:
        for number, machine in enumerate(web.machines):
            web.server.pod(f"shop-{number}", machine["id"])
        web.change()
        left = at
        call = web.account.call

        def interrupting(*arguments: object, **more: object) -> Document:
            nonlocal left
            left -= 1
            if left == 0 and not after:
                raise KeyboardInterrupt
            answer: Document = call(*arguments, **more)  # type: ignore[arg-type]
            if left == 0:
                raise KeyboardInterrupt
            return answer

        web.account.call = interrupting  # type: ignore[method-assign]
        try:
            web.cycle()
        except (TeardownError, KeyboardInterrupt):
            assert left == 0
        web.account.call = call  # type: ignore[method-assign]
        web.cycle()

        assert web.kinds == ["medium", "medium"]
        assert {name for name, _ in web.server.evicted} == {"shop-0", "shop-1"}
