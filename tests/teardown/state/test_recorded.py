"""What a stack's state says about the cloud, whichever program wrote it."""

from datetime import UTC, datetime

import pytest

from components.teardown.cloud.account import Organization
from components.teardown.state.recorded import BALANCER, Recorded, RecordedDrain, is_drain, recorded
from tests.teardown.deployment import (
    ANTI_AFFINITY_GROUP,
    DRAIN,
    SERVICE,
    cluster,
    command,
    exported,
    in_the_cluster,
    mark,
    nodepool,
    resource,
    stack_id,
    step,
)
from tests.teardown.paper import ACME, OURS, OWNER, ZONE


def test_a_state_says_what_is_the_stacks_and_where_it_lives() -> None:
    state = recorded(
        exported(
            stack_id(),
            cluster("the-cluster", "at-vie-1"),
            nodepool("the-nodepool", "the-pool"),
            *in_the_cluster("the-cluster", "the-pool", "keep"),
            resource(BALANCER, "ingress", "the-nlb"),
            resource(ANTI_AFFINITY_GROUP, "default", "the-group"),
        )
    )

    assert (state.stack_id, state.owner, state.organization) == (OURS.id, OWNER, ACME)
    assert state.ids == {"the-cluster", "the-nodepool", "the-nlb", "the-group", "1:2"}
    assert state.clusters == (("the-cluster", "at-vie-1"),)
    assert state.pool_ids == {"the-pool"}
    assert state.balancer_ids == {"the-nlb"}
    assert state.drains == (RecordedDrain(ZONE, "the-cluster", ("the-pool",), (), "keep", OWNER),) * 2


def test_what_the_bridge_adds_to_a_state_and_its_nulls_say_nothing_of_the_cloud() -> None:
    """A nodepool whose first read failed is saved with null for all that the cloud would have told."""
    whole, half = nodepool("the-nodepool", "the-pool"), nodepool("half", "")
    half["outputs"]["instancePoolId"] = None
    for one in (whole, half):
        one["outputs"] |= {"id": one["id"], "taints": None, "__meta": "{}", "__pulumi_raw_state_delta": {"obj": {}}}

    state = recorded(exported(cluster("the-cluster"), whole, half))

    assert (state.ids, state.pool_ids) == ({"the-cluster", "the-nodepool", "half"}, {"the-pool"})


def test_a_state_of_before_the_provider_says_the_same_in_command_lines_and_no_organisation() -> None:
    drain = f"drain --zone {ZONE} --owner bob --on-destroy keep --cluster c --pool p --pool q --keep-nlb nlb"

    state = recorded(exported(mark(), command("drain", delete=f"sh teardown/run.sh {drain}")))

    assert (state.stack_id, state.owner, state.organization) == (OURS.id, OWNER, Organization())
    assert state.drains == (RecordedDrain(ZONE, "c", ("p", "q"), ("nlb",), "keep", "bob"),)


def test_a_state_that_was_brought_up_again_says_it_by_the_provider() -> None:
    """As long as the old resource is there too, for the engine deletes it last."""
    old = mark()
    old["outputs"]["stdout"] = "bbbbbbbbbbbb"

    assert recorded(exported(old, stack_id())).stack_id == OURS.id


def test_a_drain_that_says_no_policy_refuses() -> None:
    assert [one.on_destroy for one in recorded(exported(step(DRAIN, "drain"))).drains] == ["refuse"]


@pytest.mark.parametrize("state", [None, {}, {"version": 3, "deployment": {"manifest": {}}}, {"deployment": None}])
def test_a_stack_that_is_not_there_or_is_empty_records_nothing(state: dict[str, object] | None) -> None:
    assert recorded(state) == Recorded()


def test_a_secret_is_not_taken_for_text() -> None:
    wrapped = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:…"}
    secret = stack_id()
    secret["outputs"]["stackId"] = wrapped

    assert recorded(exported(secret)).stack_id == ""


def test_a_state_says_when_it_was_written_and_one_that_nobody_wrote_does_not() -> None:
    assert recorded(exported(stack_id(), saved="2026-11-24T12:00:00Z")).saved == datetime(2026, 11, 24, 12, tzinfo=UTC)
    assert recorded(exported(stack_id(), saved="0001-01-01T00:00:00Z")).saved is None
    assert recorded(exported(stack_id())).saved is None


def test_what_began_and_did_not_end_is_pending() -> None:
    making = resource(BALANCER, "making")

    assert recorded(exported(pending=[{"resource": making, "type": "creating"}])).pending == (making["urn"],)


def test_drains_are_known_by_what_they_are_or_run_not_by_their_names() -> None:
    assert is_drain(step(DRAIN, "any"))
    assert is_drain(command("any", delete="sh teardown/run.sh drain --cluster c"))
    assert not is_drain(command("drain", create="sh teardown/run.sh drain --cluster c"))
    assert not is_drain(command("drain", delete="echo teardown/run.sh drain"))
    assert not is_drain(resource(SERVICE, "drain", "a/b"))
