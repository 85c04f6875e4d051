"""Which Kubernetes versions are refused before anything is touched."""

from dataclasses import replace

import pytest

from components.teardown import foresight, steps, versions
from components.teardown.cloud.account import Document
from components.teardown.errors import TeardownError
from tests.teardown.paper import SUBJECT, VERSIONS, PaperAccount
from tests.teardown.test_changes import CHOSEN

OLDER = "version is 1.33.7, and the cluster runs 1.34.3: Exoscale takes no cluster back to an older one; allowed: "
UNKNOWN = "version is 1.34.9, which Exoscale does not offer; allowed: "


@pytest.mark.parametrize(
    ("wanted", "running", "offered", "line"),
    [
        ("", "1.34.3", VERSIONS, ""),
        ("1.34.3", "1.34.3", VERSIONS, ""),
        ("1.35.0", "1.34.3", VERSIONS, ""),
        ("1.33.7", "", VERSIONS, ""),
        ("1.34.9", "1.34.9", VERSIONS, ""),
        ("1.34.9", "1.34.3", (), ""),
        ("1.33.7", "1.34.3", VERSIONS, f"{OLDER}newest, 1.34.3, 1.35.0"),
        ("1.33.7", "1.34.3", (), f"{OLDER}newest, 1.34.3"),
        ("1.34.9", "1.34.3", VERSIONS, f"{UNKNOWN}newest, 1.34.3, 1.35.0"),
        ("1.34.9", "", VERSIONS, f"{UNKNOWN}newest, 1.34.2, 1.34.3, 1.35.0"),
        ("1.34.9", "", ("1.34.10", "1.34.8"), f"{UNKNOWN}newest, 1.34.8, 1.34.10"),
    ],
)
def test_a_version_is_refused_when_it_is_older_than_the_running_one_or_not_on_offer(
    wanted: str, running: str, offered: tuple[str, ...], line: str
) -> None:
    assert versions.refused(wanted, running, offered) == line


@pytest.fixture
def cluster(account: PaperAccount) -> str:
    return account.cluster(cni="calico", version="1.34.3")


@pytest.mark.usefixtures("cluster")
@pytest.mark.parametrize(
    ("level", "version", "refused"),
    [
        ("starter", "1.33.7", "the cluster runs 1.34.3"),
        ("starter", "1.34.9", "does not offer; allowed: newest, 1.34.3, 1.35.0$"),
        ("pro", "1.34.9", "does not offer; allowed: newest, 1.34.2, 1.34.3, 1.35.0$"),
    ],
)
def test_a_living_stack_gets_no_version_that_the_cloud_would_refuse(
    account: PaperAccount, level: str, version: str, refused: str
) -> None:
    with pytest.raises(TeardownError, match=refused):
        foresight.foresee(SUBJECT, account, replace(CHOSEN, level=level, version=version), CHOSEN)


@pytest.mark.usefixtures("cluster")
def test_a_cluster_that_is_replaced_may_have_an_older_version_than_the_one_before(
    account: PaperAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(foresight, "reach", lambda *_: None)
    (line,) = foresight.foresee(SUBJECT, account, replace(CHOSEN, level="pro", version="1.33.7"), CHOSEN)

    assert line.startswith("the cluster is replaced")


def test_what_runs_need_not_be_on_offer_any_more_unless_the_cluster_is_replaced(account: PaperAccount) -> None:
    account.cluster(cni="calico", version="1.31.1")
    old = replace(CHOSEN, version="1.31.1")

    assert foresight.foresee(SUBJECT, account, old, old) == []
    with pytest.raises(TeardownError, match=r"version is 1\.31\.1, which Exoscale does not offer"):
        foresight.foresee(SUBJECT, account, replace(old, level="pro"), old)


def test_an_up_that_made_no_cluster_yet_is_told_before_it_tries_again(
    account: PaperAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(foresight, "accounts", lambda stack: {})

    with pytest.raises(TeardownError, match="which Exoscale does not offer"):
        foresight.foresee(SUBJECT, account, replace(CHOSEN, version="1.34.9"), CHOSEN)


class Silent(PaperAccount):
    """Does not say which versions there are."""

    def list_sks_cluster_versions(self) -> Document:
        raise TeardownError("Exoscale answers 503: no")


def test_a_new_stack_gets_only_what_is_on_offer_and_hears_nothing_where_nobody_can_be_asked(
    account: PaperAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps, "connect", lambda zone, stack: account)
    assert steps.unknown_version(SUBJECT, "1.34.3") == ""
    assert steps.unknown_version(SUBJECT, "1.34.9").startswith(UNKNOWN)

    monkeypatch.setattr(steps, "connect", lambda zone, stack: Silent())
    assert steps.unknown_version(SUBJECT, "1.34.9") == ""

    def no_key(zone: str, stack: str) -> None:
        raise TeardownError("no key")

    monkeypatch.setattr(steps, "connect", no_key)
    assert steps.unknown_version(SUBJECT, "1.34.9") == ""
