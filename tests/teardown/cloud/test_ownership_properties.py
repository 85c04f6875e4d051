"""Whatever an account looks like, nothing that is somebody else's is taken for a stack's."""

from collections import Counter

from hypothesis import given, settings

from components.teardown.cloud.ownership import resources
from components.teardown.cloud.resource import INSTANCE, Resource, Verdict
from components.teardown.cloud.stack_ref import StackRef
from tests.teardown.accounts import Shared, shared_accounts

generated = settings(max_examples=60, derandomize=True, database=None, deadline=None)


def said(shared: Shared, stack: StackRef, more: bool = True) -> list[Resource]:
    return resources([shared.account.survey()], shared.known(stack, more))


@generated
@given(shared_accounts())
def test_nothing_that_is_linked_to_somebody_else_is_ever_a_stacks_alone(shared: Shared) -> None:
    for stack in shared.stacks:
        foreign = shared.foreign(stack)
        for more in (True, False):
            ours = [item.id for item in said(shared, stack, more) if item.verdict(stack) is Verdict.OURS]
            assert {id_: foreign[id_] for id_ in ours if id_ in foreign} == {}


@generated
@given(shared_accounts())
def test_nothing_is_ever_two_stacks_alone(shared: Shared) -> None:
    ours = [item.id for stack in shared.stacks for item in said(shared, stack) if item.verdict(stack) is Verdict.OURS]

    assert [id_ for id_, times in Counter(ours).items() if times > 1] == []


@generated
@given(shared_accounts())
def test_everything_is_told_of_once_and_after_what_it_hangs_on(shared: Shared) -> None:
    for stack in shared.stacks:
        items = said(shared, stack)
        ids = [item.id for item in items]
        assert sorted(ids) == sorted(shared.account.ids())
        for item in items:
            for other in {item.through, item.parent} - {""}:
                assert ids.index(other) < ids.index(item.id)
            if item.kind == INSTANCE and item.through:
                through = items[ids.index(item.through)]
                assert item.owners.keys() >= through.owners.keys()
