"""What an edit of a living stack is refused for, or announced with, by the rules alone."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.teardown import changes
from components.teardown.changes import Chosen, Placement, Shown, Users
from components.teardown.errors import TeardownError

CHOSEN = Chosen(
    "ch-gva-2",
    "starter",
    "calico",
    protect=False,
    nodepools={"default": 2},
    load_balancer="managed",
    ingress_nodepool="default",
)
PROTECTED = replace(CHOSEN, protect=True)
SHOWN = Shown("ch-gva-2", "starter", "calico")
POOL_NAMES = st.from_regex("[a-z][a-z0-9-]{0,9}", fullmatch=True)
OTHER = {"zone": "at-vie-1", "level": "pro", "cni": "cilium"}


@given(
    st.builds(
        Chosen,
        st.just("ch-gva-2"),
        nodepools=st.dictionaries(POOL_NAMES, st.none() | st.integers(0, 99)),
        placements=st.dictionaries(
            POOL_NAMES, st.builds(Placement, st.booleans(), st.booleans(), st.integers(0, 99)), max_size=3
        ),
    )
)
def test_what_was_chosen_is_read_from_a_state_as_it_was_written(chosen: Chosen) -> None:
    assert Chosen.of("ch-gva-2", as_a_state_keeps_it(chosen.inputs())) == chosen
    assert Chosen.of("ch-gva-2", None) is None


def test_a_state_of_a_release_that_knew_no_placements_has_none() -> None:
    of_before = {key: value for key, value in CHOSEN.inputs().items() if key != "placements"}

    assert Chosen.of("ch-gva-2", of_before) == CHOSEN


def as_a_state_keeps_it(value: Any) -> Any:
    """The engine knows no whole numbers."""
    if isinstance(value, dict):
        return {key: as_a_state_keeps_it(one) for key, one in value.items()}
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


@pytest.mark.parametrize(("chosen", "recorded"), [(PROTECTED, CHOSEN), (CHOSEN, PROTECTED), (PROTECTED, None)])
@pytest.mark.parametrize("setting", OTHER)
def test_no_cluster_is_replaced_while_the_stack_is_protected_by_these_settings_or_the_last(
    setting: str, chosen: Chosen, recorded: Chosen | None
) -> None:
    changes.refuse_while_protected(SHOWN, chosen, recorded)

    with pytest.raises(TeardownError) as refused:
        changes.refuse_while_protected(SHOWN, replace(chosen, **{setting: OTHER[setting]}), recorded)
    was = getattr(CHOSEN, setting)
    assert str(refused.value) == (
        f"the stack is protected, and {setting} {was} → {OTHER[setting]} would replace its cluster with all that is in "
        f"it. Next: `pulumi config set {setting} {was}`; to replace it all the same, `pulumi config set protect false "
        "&& pulumi up` before that change"
    )


def test_every_setting_that_replaces_a_protected_cluster_is_named() -> None:
    with pytest.raises(TeardownError, match=r"zone ch-gva-2 → at-vie-1 and level starter → pro and cni .* → cilium"):
        changes.refuse_while_protected(SHOWN, replace(PROTECTED, **OTHER), None)


def test_a_cluster_that_nobody_protects_may_be_replaced_and_what_is_not_known_replaces_nothing() -> None:
    changes.refuse_while_protected(SHOWN, replace(CHOSEN, **OTHER), CHOSEN)
    changes.refuse_while_protected(Shown("ch-gva-2"), replace(PROTECTED, level="pro", cni="cilium"), None)


USERS = Users(balancers=["nlb-1", "nlb-2"], data=["volume-1"])
PRO = replace(CHOSEN, level="pro")


API, BOTH = "the address of its API changes", "the addresses of its API and of the ingress change"


@pytest.mark.parametrize(
    ("chosen", "users", "policy", "address", "also"),
    [
        (PRO, USERS, "delete", API, "2 load balancers of users' Services and 1 volume or snapshot"),
        (PRO, Users(), "delete", API, "0 load balancers of users' Services and 0 volumes and snapshots"),
        (PRO, None, "", API, "load balancers of users' Services and volumes"),
        (
            replace(PRO, load_balancer="none"),
            replace(USERS, balancers=["nlb-1"]),
            "keep",
            API,
            "1 load balancer of users' Services; kept, and paid for on: 1 volume or snapshot",
        ),
        (replace(PRO, load_balancer="ccm"), None, "", BOTH, "load balancers of users' Services and volumes"),
    ],
)
def test_one_line_says_what_goes_with_a_cluster_that_is_replaced(
    chosen: Chosen, users: Users | None, policy: str, address: str, also: str
) -> None:
    assert changes.of_replacement(SHOWN, chosen, users, policy) == (
        f"the cluster is replaced (level starter → pro): {address}, and all that is in it goes, also {also}"
    )


def test_in_another_zone_the_ingress_gets_another_address_too() -> None:
    line = changes.of_replacement(SHOWN, replace(PRO, zone="at-vie-1"), None, "")

    assert line.startswith(f"the cluster is replaced (zone ch-gva-2 → at-vie-1 and level starter → pro): {BOTH}, ")
    assert BOTH in changes.of_replacement(replace(SHOWN, load_balancer="ccm"), PRO, None, "")


def test_a_replacement_that_the_drain_would_stop_at_the_volumes_is_refused_before_it_begins() -> None:
    with pytest.raises(TeardownError) as refused:
        changes.refuse_lost_data(SHOWN, PRO, USERS, "refuse")

    assert str(refused.value) == (
        "level starter → pro would replace the cluster, whose volumes hold data: volume-1. Next: delete their claims, "
        "or say what becomes of them: `STORAGE_ON_DESTROY=delete pulumi up` (or keep)"
    )
    changes.refuse_lost_data(SHOWN, PRO, Users(balancers=["nlb-1"]), "refuse")
    for policy in ("delete", "keep", ""):
        changes.refuse_lost_data(SHOWN, PRO, USERS, policy)


def sized(size: int | None, ingress: str = "default") -> Chosen:
    return replace(CHOSEN, nodepools={"default": size}, ingress_nodepool=ingress)


@given(st.integers(0, 9), st.none() | st.integers(0, 9))
def test_a_pool_loses_nodes_when_it_has_more_than_the_settings_want(has: int, wanted: int | None) -> None:
    shown = replace(SHOWN, nodepools={"default": has, "of-nobody": 3})

    assert changes.shrinking(shown, sized(wanted)) == (["default"] if wanted is not None and has > wanted else [])


FIVE = replace(SHOWN, nodepools={"default": 5})
HAS = "nodepool default has 5 nodes (a, b, c, d, e), and nodepools.default.size is"
KEEP = "Next, to keep them: `pulumi config set --path nodepools.default.size 5`"


@pytest.mark.parametrize(
    ("recorded", "chosen", "what"),
    [
        (sized(5), sized(2), "2: this `up` takes 3 away, whichever Exoscale chooses"),
        (None, sized(2), "2: this `up` takes 3 away, whichever Exoscale chooses"),
        (sized(None), sized(0), "0: this `up` takes all of them away"),
        (
            sized(2),
            sized(2),
            "2: somebody else made it larger, and an `up` after a refresh takes 3 away, whichever Exoscale chooses",
        ),
    ],
)
def test_one_line_names_the_nodes_that_a_pool_has_and_says_when_it_loses_how_many(
    recorded: Chosen | None, chosen: Chosen, what: str
) -> None:
    line = changes.of_shrinking("default", FIVE, chosen, recorded, ["b", "a", "e", "d", "c"])

    assert line == f"{HAS} {what}. {KEEP}"
    assert "5 nodes, and" in changes.of_shrinking("default", FIVE, chosen, recorded, [])


def test_a_pool_that_is_parked_is_announced_where_the_ingress_sends_its_traffic_there() -> None:
    (line,) = changes.of_parked(sized(0))

    assert line.startswith("nodepools.default.size is 0, and the ingress sends its traffic there: nobody answers")
    assert changes.of_parked(sized(1)) == changes.of_parked(sized(None)) == []
    assert changes.of_parked(sized(0, ingress="other")) == []
    assert changes.of_parked(replace(sized(0), load_balancer="none")) == []


def served(by: str, address: str = "194.182.160.1") -> Shown:
    return replace(SHOWN, load_balancer=by, address=address)


@pytest.mark.parametrize(
    ("was", "to_be", "line"),
    [
        (
            "managed",
            "ccm",
            "ingress.load-balancer managed → ccm: the ingress loses its address 194.182.160.1 for another",
        ),
        (
            "ccm",
            "managed",
            "ingress.load-balancer ccm → managed: the ingress loses its address 194.182.160.1 for another",
        ),
        ("managed", "none", "ingress.controller is none: the ingress goes, and its address 194.182.160.1"),
        ("ccm", "none", "ingress.controller is none: the ingress goes, and its address 194.182.160.1"),
    ],
)
def test_one_line_says_that_the_address_of_the_ingress_changes_or_goes(was: str, to_be: str, line: str) -> None:
    (said,) = changes.of_address(served(was), replace(CHOSEN, load_balancer=to_be), CHOSEN)

    assert said.startswith(line)


@pytest.mark.parametrize(
    ("was", "to_be"), [("managed", "managed"), ("ccm", "ccm"), ("none", "managed"), ("none", "none"), ("", "ccm")]
)
def test_an_address_that_stays_or_that_there_was_none_of_is_no_line(was: str, to_be: str) -> None:
    assert changes.of_address(served(was), replace(CHOSEN, load_balancer=to_be), CHOSEN) == []


def test_another_chart_changes_the_address_only_where_the_cluster_makes_the_load_balancer() -> None:
    traefik = replace(CHOSEN, load_balancer="ccm", chart="traefik")

    (line,) = changes.of_address(served("ccm", ""), traefik, replace(traefik, chart="nginx-ingress"))

    what = "ingress.chart nginx-ingress → traefik with ingress.load-balancer ccm"
    assert line.startswith(f"{what}: the ingress loses its address for another")
    assert changes.of_address(served("managed"), replace(traefik, load_balancer="managed"), CHOSEN) == []
    assert changes.of_address(served("ccm"), traefik, None) == []


LEFT_BEHIND = "NLB nlb-1, which the cluster made for the ingress, is still there"


@pytest.mark.parametrize("settled", ["managed", "none"])
def test_a_load_balancer_that_the_cluster_left_behind_is_named_until_it_is_gone(settled: str) -> None:
    left = replace(served("ccm"), made_by_ccm="nlb-1")
    chosen, before = replace(CHOSEN, load_balancer=settled), replace(CHOSEN, load_balancer="ccm")

    (line,) = changes.of_left_behind(left, chosen, chosen, "dev")

    assert line.startswith(LEFT_BEHIND)
    assert "`./exoscale-sks audit dev --fix`" in line
    assert changes.of_address(left, chosen, chosen) == []
    for shown, recorded in ((left, before), (left, None), (served("managed"), chosen)):
        assert changes.of_left_behind(shown, chosen, recorded, "dev") == []
    assert changes.of_left_behind(left, before, before, "dev") == []
