"""What the machines are, and what they will be; which of them a pool would make otherwise now."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.teardown.machine_counts import Running, differs, foreseen
from components.teardown.machines import old, running
from tests.sandbox.sks_bench import MEDIUM, SMALL
from tests.teardown.cycled import Fleet, fleet

TYPES = {"standard.small": SMALL, "standard.medium": MEDIUM}


def pools(web: Fleet, **changes: Any) -> dict[str, Any]:
    """The fleet's pool as the program describes it."""
    kind = {"instanceType": "standard.small", "diskSizeGb": 20.0, "labels": {}, "taints": {}}
    return {"web": {"instancePoolId": web.pool, "size": 2.0, "bounds": "", **kind, **changes}}


def row(kind: str, number: int) -> dict[str, Any]:
    return {"instanceType": kind, "diskSizeGb": 20, "number": number}


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("components.teardown.cloud.account._FIRST_POLL_SECONDS", 0.001)


@given(size=st.integers(1, 3), kind=st.sampled_from(sorted(TYPES)), then=st.integers(0, 4))
@settings(max_examples=12, deadline=None)
def test_what_is_foreseen_of_a_change_is_what_the_cloud_makes_of_it(size: int, kind: str, then: int) -> None:
    with fleet(size) as web:
        before = running(web.account, pools(web))
        assert before == {"web": [row("standard.small", size)]}
        web.change(instance_type=TYPES[kind])
        web.world.make("scale_sks_nodepool", id=web.cluster, sks_nodepool_id=web.nodepool, size=then)
        wanted = pools(web, instanceType=kind, size=float(then))

        assert foreseen(wanted, before) == running(web.account, wanted)


def test_a_new_pool_will_have_what_the_settings_say_and_one_that_others_resize_what_it_has() -> None:
    chosen = {"instanceType": "standard.small", "diskSizeGb": 20, "size": 2}

    assert foreseen({"web": {**chosen, "bounds": "1 to 5"}}, {}) == {"web": [row("standard.small", 2)]}
    five: Running = {"web": [row("standard.small", 5)]}
    assert foreseen({"web": {**chosen, "bounds": "1 to 5"}}, five) == five
    assert foreseen({"web": {**chosen, "bounds": "", "size": 0}}, five) == {"web": []}


def test_only_what_nobody_else_chooses_is_a_difference() -> None:
    two, five = ({"web": [row("standard.small", number)]} for number in (2, 5))

    assert differs({"web": {"bounds": ""}}, two, five)
    assert not differs({"web": {"bounds": "external"}}, two, five)
    assert differs({"web": {"bounds": "external"}}, two, {"web": [row("standard.medium", 2)]})


def test_a_pool_whose_change_reached_no_machine_is_one_line_with_their_names_and_the_command() -> None:
    with fleet() as web:
        names = sorted(machine["name"] for machine in web.machines)
        wanted = pools(web, instanceType="standard.medium", labels={"team": "web"})

        assert old(web.account, web.server, "dev", pools(web)) == []
        [line] = old(web.account, web.server, "dev", wanted)
        assert line == (
            f"nodepool web makes machines with standard.medium, label team=web from now on, and {', '.join(names)} "
            "stay without. Next, to make them new, one by one: `./exoscale-sks cycle dev` (`python -m runner "
            "cycle dev` on the sandbox)"
        )
        [silent] = old(web.account, None, "dev", wanted)
        assert "with standard.medium from now on" in silent, "without the cluster nothing is known of labels"

        web.change(instance_type=MEDIUM, labels={"team": "web"})
        web.cycle()
        assert old(web.account, web.server, "dev", wanted) == []
