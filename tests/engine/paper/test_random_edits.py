"""Whatever the settings accept comes up on a living stack, whatever it was before, and a destroy leaves nothing."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from components.catalogue import CNIS, LEVELS
from components.ingress import CONTROLLERS
from runner.stack import SandboxStack
from sandbox.sandbox import Sandbox
from tests.engine.paper.life import RENAME, Settings, alive

pytestmark = pytest.mark.engine

Edits = list[tuple[str, Any]]
SMALL = {"size": 1}
WORDS = st.sampled_from(["alice", "bob", "team.a"])
TAINTS = st.sampled_from([{}, {"dedicated": "gpu:NoSchedule"}, {"busy": "yes:PreferNoSchedule"}])


@st.composite
def nodepools(draw: st.DrawFn) -> Settings:
    """One to three of them; the first has no taint, for a cluster needs a node that takes everything."""
    pool = st.fixed_dictionaries(
        {"size": st.integers(1, 3)},
        optional={
            "instance-type": st.sampled_from(["standard.small", "standard.medium"]),
            "disk-size-gb": st.sampled_from([20, 50]),
            "instance-prefix": st.sampled_from(["pool", "node"]),
            "anti-affinity": st.booleans(),
            "labels": st.dictionaries(st.sampled_from(["team", "a.io/tier"]), WORDS, max_size=2),
            "taints": TAINTS,
        },
    )
    pools = draw(st.dictionaries(st.sampled_from(["default", "web", "gpu"]), pool, min_size=1, max_size=3))
    pools[next(iter(pools))].pop("taints", None)
    return pools


INGRESS = st.fixed_dictionaries(
    {"controller": st.sampled_from([*CONTROLLERS, "none"]), "load-balancer": st.sampled_from(["managed", "ccm"])},
    optional={"class": st.sampled_from(["nginx", "public"]), "timeout-seconds": st.integers(60, 90)},
)
STORAGE = st.fixed_dictionaries({"csi": st.booleans(), "on-destroy": st.sampled_from(["delete", "keep", "refuse"])})
KUBECONFIG = st.fixed_dictionaries({"user": WORDS, "ttl-seconds": st.sampled_from([3600, 86400])})
EDIT = st.one_of(
    st.tuples(st.just("owner"), WORDS),
    st.tuples(st.just(RENAME), st.sampled_from(["blue", "green", "red-1"])),
    st.tuples(st.just("zone"), st.sampled_from(["ch-gva-2", "at-vie-1"])),
    st.tuples(st.just("level"), st.sampled_from(LEVELS)),
    st.tuples(st.just("cni"), st.sampled_from(CNIS)),
    st.tuples(st.just("nodepools"), nodepools()),
    st.tuples(st.just("ingress"), INGRESS),
    st.tuples(st.just("storage"), STORAGE),
    st.tuples(st.just("firewall"), st.fixed_dictionaries({"open-node-ports": st.booleans()})),
    st.tuples(st.just("drain"), st.fixed_dictionaries({"wait-seconds": st.integers(1, 30)})),
    st.tuples(st.just("kubeconfig"), KUBECONFIG),
)

Live = Callable[[Settings, Edits], None]


@pytest.fixture(scope="module")
def live(sandbox: Sandbox, make_stack: Callable[..., SandboxStack], charts: Callable[[str], Path]) -> Live:
    """Brings a stack up, changes one setting after the other, and destroys it."""
    file = {"file": str(sandbox.home / "kubeconfig")}

    def run(begins: Settings, edits: Edits) -> None:
        with alive(sandbox, make_stack, charts, {"kubeconfig": file, **begins}) as life:
            for key, value in edits:
                life.change(key, {**value, **file} if key == "kubeconfig" else value)
                life.up()
            life.destroy()

    return run


@pytest.mark.slow
def test_a_stack_lives_through_a_rename_a_new_pool_and_another_cluster_and_leaves_nothing(live: Live) -> None:
    live(
        {"nodepools": {"default": SMALL}},
        [
            ("nodepools", {"web": SMALL, "gpu": {"size": 1, "taints": {"dedicated": "gpu:NoSchedule"}}}),
            (RENAME, "blue"),
            ("level", "pro"),
        ],
    )


@pytest.mark.slow
@pytest.mark.timeout(1200)
@settings(
    max_examples=6,
    deadline=None,
    derandomize=True,  # the same edits in every run: a pull request fails over its own change
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    # To make a failure smaller would take an hour; the edits are in what it prints.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(st.fixed_dictionaries({"nodepools": nodepools(), "ingress": INGRESS}), st.lists(EDIT, min_size=3, max_size=5))
def test_a_stack_lives_through_any_edits_that_its_settings_accept_and_leaves_nothing(
    live: Live, begins: Settings, edits: Edits
) -> None:
    live(begins, edits)
