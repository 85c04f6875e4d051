"""What is known of a living stack before an `up` changes it: the cloud's word first, then the state's."""

from dataclasses import replace

import pytest

from teardown import foresight
from teardown.cloud.account import Document
from teardown.errors import TeardownError
from tests.teardown.paper import COPY, NEIGHBOUR, OTHER_ZONE, OURS, SUBJECT, ZONE, PaperAccount
from tests.teardown.test_changes import CHOSEN, PROTECTED

PRO = replace(PROTECTED, level="pro")
IS_REFUSED = "level starter → pro would replace"


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch, account: PaperAccount) -> PaperAccount:
    """Another zone of the account, for whoever asks for all of them."""
    made = PaperAccount(OTHER_ZONE)
    monkeypatch.setattr(foresight, "accounts", lambda stack: {ZONE: account, OTHER_ZONE: made})
    return made


@pytest.fixture(autouse=True)
def cluster(account: PaperAccount) -> str:
    return account.cluster(cni="calico")


class Silent(PaperAccount):
    """Answers nothing."""

    def list_sks_clusters(self) -> Document:
        raise TeardownError("Exoscale answers 503: no")


def test_the_cloud_is_believed_before_a_state_whose_up_was_interrupted(account: PaperAccount) -> None:
    with pytest.raises(TeardownError, match=IS_REFUSED):
        foresight.foresee(SUBJECT, account, PRO, PRO)

    foresight.foresee(SUBJECT, account, PROTECTED, PRO)


@pytest.mark.parametrize("asked", [None, Silent()])
def test_where_the_cloud_cannot_be_asked_the_state_is_believed(asked: PaperAccount | None) -> None:
    foresight.foresee(SUBJECT, asked, PRO, PRO)

    with pytest.raises(TeardownError, match=IS_REFUSED):
        foresight.foresee(SUBJECT, asked, PRO, CHOSEN)


def test_a_state_of_before_knows_the_zone_at_least() -> None:
    foresight.foresee(SUBJECT, None, PRO, None)

    with pytest.raises(TeardownError, match=f"zone {ZONE} → {OTHER_ZONE} would replace"):
        foresight.foresee(SUBJECT, None, replace(PROTECTED, zone=OTHER_ZONE), None)


def test_a_cluster_that_was_to_move_and_has_not_is_found_where_it_is(
    account: PaperAccount, there: PaperAccount
) -> None:
    """The killed `up` has recorded the other zone."""
    moved = replace(PROTECTED, zone=OTHER_ZONE)

    with pytest.raises(TeardownError, match=f"zone {ZONE} → {OTHER_ZONE} would replace"):
        foresight.foresee(replace(SUBJECT, zone=OTHER_ZONE), there, moved, moved)


def test_a_stack_without_a_cluster_may_become_anything(account: PaperAccount, there: PaperAccount) -> None:
    account.held["sks-clusters"].clear()

    assert foresight.foresee(SUBJECT, account, PRO, CHOSEN) == []


def test_clusters_of_others_are_not_compared(account: PaperAccount, there: PaperAccount) -> None:
    account.held["sks-clusters"].clear()
    account.cluster(NEIGHBOUR)
    account.cluster(None)

    assert foresight.foresee(SUBJECT, account, PRO, CHOSEN) == []


def test_of_two_clusters_with_the_stacks_id_neither_is_believed(account: PaperAccount) -> None:
    account.cluster(COPY, level="pro")

    with pytest.raises(TeardownError, match=IS_REFUSED):
        foresight.foresee(SUBJECT, account, PRO, CHOSEN)
    foresight.foresee(SUBJECT, account, PRO, PRO)


def test_a_renamed_stack_knows_its_cluster_by_the_id(account: PaperAccount) -> None:
    assert OURS.id == SUBJECT.stack_id
    with pytest.raises(TeardownError, match=IS_REFUSED):
        foresight.foresee(replace(SUBJECT, stack="renamed"), account, PRO, PRO)
