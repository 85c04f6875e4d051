"""A label says whose a thing is when its cluster is gone; it is never put over another stack's."""

import pytest

from components.teardown.cloud.labels import KEEP, is_kept, tag
from components.teardown.cloud.stack_ref import StackRef
from components.teardown.errors import TeardownError
from tests.teardown.paper import COPY, K8S, NEIGHBOUR, OURS, OWNER, PVC, UID, PaperAccount, found


def test_what_a_controller_of_ours_made_gets_our_labels_beside_its_own(account: PaperAccount) -> None:
    balancer = account.balancer(name=K8S, labels={"team": "blue"})

    tag(account, found(account, services={UID})[balancer], OURS, OWNER)

    assert account.labels(balancer) == OURS.labels(OWNER) | {"team": "blue"}


def test_data_that_is_to_stay_says_so_and_no_longer_when_it_is_to_go(account: PaperAccount) -> None:
    volume = account.volume()
    for keep in (True, False):
        tag(account, found(account, provisioned={volume: PVC})[volume], OURS, OWNER, keep)

        assert is_kept(found(account)[volume]) is keep
        assert account.labels(volume) == OURS.labels(OWNER) | (KEEP if keep else {})


def test_what_carries_the_labels_already_is_not_touched(account: PaperAccount) -> None:
    volume = account.volume(owner=OURS)

    tag(account, found(account)[volume], OURS, OWNER)

    assert account.changes == []


def test_what_is_gone_meanwhile_needs_no_label(account: PaperAccount) -> None:
    volume = account.volume()
    item = found(account, provisioned={volume: PVC})[volume]
    account.delete_block_storage_volume(id=volume)
    account.changes.clear()

    tag(account, item, OURS, OWNER)

    assert account.changes == []


@pytest.mark.parametrize("owner", [NEIGHBOUR, COPY, None])
def test_what_is_another_stacks_or_nobodys_is_refused(account: PaperAccount, owner: StackRef | None) -> None:
    volume = account.volume(owner=owner)

    with pytest.raises(TeardownError, match=f"volume {volume} .* is not labelled as exoscale-sks/dev"):
        tag(account, found(account)[volume], OURS, OWNER)
    assert account.changes == []


def test_what_is_partly_ours_is_refused(account: PaperAccount) -> None:
    balancer = account.balancer(account.pool(), account.pool(NEIGHBOUR))

    with pytest.raises(TeardownError, match="sends traffic to instance pool"):
        tag(account, found(account)[balancer], OURS, OWNER)
    assert account.changes == []


def test_an_id_of_another_stack_is_never_written_over_whatever_proves_the_thing_ours(account: PaperAccount) -> None:
    """The rule never says so of such a thing; who writes labels looks for itself."""
    item = found(account, recorded={account.balancer()})["nlb-1"]
    forged = type(item)(**{**vars(item), "labels": {"stack-id": NEIGHBOUR.id}})

    with pytest.raises(TeardownError, match="is not labelled"):
        tag(account, forged, OURS, OWNER)
    assert account.changes == []
