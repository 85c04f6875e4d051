"""What an edit of a living stack is refused for, or announced with, by the rules alone."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teardown import changes
from teardown.changes import Chosen, Shown
from teardown.errors import TeardownError

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
OTHER = {"zone": "at-vie-1", "level": "pro", "cni": "cilium"}


@given(
    st.builds(
        Chosen,
        st.just("ch-gva-2"),
        nodepools=st.dictionaries(st.from_regex("[a-z][a-z0-9-]{0,9}", fullmatch=True), st.none() | st.integers(0, 99)),
    )
)
def test_what_was_chosen_is_read_from_a_state_as_it_was_written(chosen: Chosen) -> None:
    assert Chosen.of("ch-gva-2", as_a_state_keeps_it(chosen.inputs())) == chosen
    assert Chosen.of("ch-gva-2", None) is None


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
