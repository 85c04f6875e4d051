"""Looks at a living stack before an `up` changes it, and says what that would take away."""

from teardown import changes
from teardown.changes import Chosen, Shown
from teardown.cloud.account import Account, Document, accounts
from teardown.cloud.stack_ref import StackRef
from teardown.errors import TeardownError
from teardown.subject import Subject


def foresee(subject: Subject, account: Account | None, chosen: Chosen, recorded: Chosen | None) -> list[str]:
    """Compares the settings with what there is: an `up` that was interrupted has recorded what it never did, so the
    cloud's word counts, and the state's only where the cloud has none.

    Args:
        subject: the stack, with the zone of the last `up`.
        account: of that zone; None where the API key is no good, which a preview does not need.
        chosen: the settings of today.
        recorded: those of the last `up`; None where it did not record them.

    Returns:
        A line for each thing that a person has to know before.

    Raises:
        TeardownError: it must not be done.
    """
    shown = _shown(subject, account, recorded)
    if shown is None:
        return []
    changes.refuse_while_protected(shown, chosen, recorded)
    return []


def _shown(subject: Subject, account: Account | None, recorded: Chosen | None) -> Shown | None:
    """The stack's cluster; None where there is none."""
    try:
        found = _clusters(subject, account) if account else None
    except TeardownError:
        found = None
    if found is not None and len(found) < 2:
        return next((Shown(zone, one.get("level", ""), one.get("cni", "")) for zone, one in found), None)
    if recorded:
        return Shown(recorded.zone, recorded.level, recorded.cni)
    return Shown(subject.zone)


def _clusters(subject: Subject, account: Account) -> list[tuple[str, Document]]:
    """The clusters that carry the stack's id, each with its zone."""
    if found := _carrying(subject, account):
        return [(subject.zone, one) for one in found]
    # An `up` that was to move it may have been killed before it did.
    elsewhere = accounts(subject.stack)
    return [(zone, one) for zone, other in elsewhere.items() for one in _carrying(subject, other)]


def _carrying(subject: Subject, account: Account) -> list[Document]:
    clusters = account.call(account.list_sks_clusters).get("sks-clusters", [])
    labels = [(StackRef.from_labels(one), one) for one in clusters]
    return [one for label, one in labels if label and label.id == subject.stack_id]
