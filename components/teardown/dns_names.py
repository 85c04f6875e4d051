"""The steps that make and delete a stack's DNS records; see `dns_records`."""

from collections.abc import Mapping

from . import dns_records
from .cloud.account import connect
from .dns_records import Wanted
from .errors import TeardownError
from .subject import Say, Subject

__all__ = ["Wanted", "changed_records", "left_records", "make_records", "refused_records", "remove_records"]


def refused_records(subject: Subject, wanted: Wanted) -> str:
    """Says why DNS records cannot be made; empty if they can, or if that cannot be found out: a preview needs no valid
    key."""
    try:
        return dns_records.refused(connect(subject.zone, subject.stack), wanted)
    except TeardownError:
        return ""


def make_records(subject: Subject, wanted: Wanted, known: Mapping[str, str], say: Say) -> dict[str, str]:
    """Makes DNS records; see `dns_records.make`."""
    return dns_records.make(subject.accounts()[subject.zone], wanted, known, say)


def changed_records(subject: Subject, wanted: Wanted, known: Mapping[str, str]) -> list[str]:
    """Names the DNS records that were deleted or changed by hand; none if that cannot be found out."""
    try:
        return dns_records.amiss(subject.accounts()[subject.zone], wanted, known)
    except TeardownError:
        return []


def remove_records(subject: Subject, domain: str, known: Mapping[str, str], say: Say) -> None:
    """Deletes the DNS records that the state holds; see `dns_records.remove`."""
    dns_records.remove(subject.accounts()[subject.zone], domain, known, say)


def left_records(subject: Subject, wanted: Wanted) -> list[str]:
    """Names the DNS records of the stack's name that are still there, see `dns_records.left`; or says that it could not
    ask. They cost nothing, so that holds up no sweep."""
    try:
        return dns_records.left(subject.accounts()[subject.zone], wanted)
    except TeardownError as error:
        return [f"nobody knows whether {wanted.names[0]}.{wanted.domain} still has a record: {error}"]
