"""What is known of a living stack before an `up` changes it: the cloud's word first, then the state's."""

from dataclasses import replace

import pytest

from components.teardown import foresight
from components.teardown.cloud.account import Document
from components.teardown.cluster.api_server import Unreachable
from components.teardown.errors import TeardownError
from tests.teardown.paper import COPY, K8S, NEIGHBOUR, OTHER_ZONE, OURS, SUBJECT, UID, ZONE, PaperAccount
from tests.teardown.paper_api_server import PaperApiServer
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


DELETES = replace(CHOSEN, on_destroy="delete")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> PaperApiServer:
    """The cluster's API server."""
    made = PaperApiServer()
    monkeypatch.setattr(foresight, "reach", lambda *_: made)
    return made


def test_what_users_made_in_a_cluster_that_is_replaced_is_counted_and_the_stacks_own_is_not(
    account: PaperAccount, cluster: str, server: PaperApiServer
) -> None:
    _, pool = account.nodepool(cluster)
    account.balancer(pool, name=K8S)
    account.balancer(pool, name=OURS.name("ingress"), owner=OURS)
    account.balancer(pool, name=OURS.name("ccm"))
    account.balancer(account.pool(NEIGHBOUR))
    volume = account.volume()
    server.service(UID)
    server.persistent_volume(volume)
    account.volume(name="pvc-of-others")

    (line,) = foresight.foresee(SUBJECT, account, replace(DELETES, level="pro"), DELETES)

    assert line.startswith("the cluster is replaced (level starter → pro)")
    assert "also 1 load balancer of users' Services and 1 volume or snapshot" in line
    assert account.changes == []


def test_a_cluster_that_does_not_answer_is_counted_by_what_the_cloud_proves(
    account: PaperAccount, cluster: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(*_: object) -> None:
        raise Unreachable("nobody there")

    monkeypatch.setattr(foresight, "reach", silent)
    account.balancer(account.nodepool(cluster)[1], name=K8S)

    (line,) = foresight.foresee(SUBJECT, account, replace(CHOSEN, cni="cilium"), CHOSEN)

    assert "also 1 load balancer of users' Services and 0 volumes and snapshots" in line


def test_a_replacement_is_said_without_counts_where_the_cloud_cannot_be_asked() -> None:
    (line,) = foresight.foresee(SUBJECT, None, replace(CHOSEN, cni="cilium"), CHOSEN)

    assert line.endswith("goes, also load balancers of users' Services and volumes")


@pytest.mark.parametrize("policy", ["", "delete"])
def test_volumes_are_refused_by_the_policy_of_the_last_up_or_of_the_day(
    account: PaperAccount, server: PaperApiServer, monkeypatch: pytest.MonkeyPatch, policy: str
) -> None:
    """The drain of the old cluster knows no other."""
    server.persistent_volume(account.volume())
    monkeypatch.setenv("STORAGE_ON_DESTROY", policy)

    def line() -> list[str]:
        return foresight.foresee(SUBJECT, account, replace(DELETES, level="pro"), CHOSEN)

    if policy:
        assert "1 volume or snapshot" in line()[0]
    else:
        with pytest.raises(TeardownError, match="would replace the cluster, whose volumes hold data: volume"):
            line()


def test_a_replacement_is_refused_while_others_use_the_stacks_own_load_balancer(
    account: PaperAccount, cluster: str, server: PaperApiServer
) -> None:
    theirs = account.pool(NEIGHBOUR)
    account.balancer(account.nodepool(cluster)[1], theirs, name=OURS.name("ingress"), owner=OURS)

    with pytest.raises(TeardownError, match=f"others use it.* have its services to-{theirs} moved"):
        foresight.foresee(SUBJECT, account, replace(CHOSEN, level="pro"), CHOSEN)


def test_an_edit_that_takes_nothing_away_costs_two_calls(
    account: PaperAccount, cluster: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(account, "call", lambda method: asked.append(method) or method())

    assert foresight.foresee(SUBJECT, account, replace(CHOSEN, nodepools={"default": 3, "new": 1}), CHOSEN) == []
    assert len(asked) == 2


def test_the_nodes_of_a_pool_that_somebody_made_larger_are_named_and_those_of_others_are_not(
    account: PaperAccount, cluster: str, server: PaperApiServer
) -> None:
    _, pool = account.nodepool(cluster, size=3, name=OURS.name("gpu-a"))
    for node in ("pool-1", "pool-2", "pool-3"):
        account.instance(pool, name=node)
    account.nodepool(cluster, NEIGHBOUR, size=9, name=NEIGHBOUR.name("gpu-a"))
    account.machine(NEIGHBOUR)
    chosen = replace(CHOSEN, nodepools={"gpu-a": 2})

    (line,) = foresight.foresee(SUBJECT, account, chosen, chosen)

    assert line.startswith(
        "nodepool gpu-a has 3 nodes (pool-1, pool-2, pool-3), and nodepools.gpu-a.size is 2: somebody"
    )


def test_a_parked_pool_of_the_ingress_is_announced_also_where_the_cloud_cannot_be_asked() -> None:
    parked = replace(CHOSEN, nodepools={"default": 0})

    (line,) = foresight.foresee(SUBJECT, None, parked, CHOSEN)

    assert line.startswith("nodepools.default.size is 0")


TO_CCM = replace(CHOSEN, load_balancer="ccm")


def test_the_address_that_the_ingress_loses_is_the_one_that_the_cloud_shows(account: PaperAccount) -> None:
    account.balancer(owner=OURS, name=OURS.name("ingress"), ip="194.182.160.1")
    account.balancer(owner=NEIGHBOUR, name=NEIGHBOUR.name("ccm"), ip="194.182.160.2")

    (line,) = foresight.foresee(SUBJECT, account, TO_CCM, TO_CCM)

    assert line.startswith("ingress.load-balancer managed → ccm: the ingress loses its address 194.182.160.1 ")


def test_while_one_load_balancer_takes_the_others_place_the_state_says_which_it_was(account: PaperAccount) -> None:
    account.balancer(owner=OURS, name=OURS.name("ingress"), ip="194.182.160.1")
    account.balancer(name=OURS.name("ccm"), ip="194.182.160.2")

    assert foresight.foresee(SUBJECT, account, TO_CCM, TO_CCM) == []
    (line,) = foresight.foresee(SUBJECT, account, TO_CCM, CHOSEN)
    assert line.startswith("ingress.load-balancer managed → ccm: the ingress loses its address for another")


@pytest.mark.parametrize("asked", [None, Silent()])
def test_where_the_cloud_cannot_be_asked_the_state_says_whose_load_balancer_it_is(asked: PaperAccount | None) -> None:
    (line,) = foresight.foresee(SUBJECT, asked, TO_CCM, CHOSEN)

    assert line.startswith("ingress.load-balancer managed → ccm: the ingress loses its address for another")


def test_a_load_balancer_that_the_cluster_left_behind_is_found_by_its_name(account: PaperAccount) -> None:
    account.balancer(owner=OURS, name=OURS.name("ingress"))
    id_ = account.balancer(name=OURS.name("ccm"))
    account.balancer(owner=NEIGHBOUR, name=NEIGHBOUR.name("ccm"))

    (line,) = foresight.foresee(SUBJECT, account, CHOSEN, CHOSEN)

    assert line.startswith(f"NLB {id_}, which the cluster made for the ingress, is still there")


LOCAL = replace(CHOSEN, platform="k3d", nodepools={})
TO_LOCAL = "platform exoscale → k3d"


def test_another_platform_is_a_replacement_like_any_other(account: PaperAccount, server: PaperApiServer) -> None:
    (line,) = foresight.foresee(SUBJECT, account, LOCAL, DELETES)
    assert line.startswith(f"the cluster is replaced ({TO_LOCAL}): the addresses of its API and of the ingress change")

    with pytest.raises(TeardownError, match=f"the stack is protected, and {TO_LOCAL} would replace its cluster"):
        foresight.foresee(SUBJECT, account, LOCAL, PROTECTED)
    server.persistent_volume(account.volume())
    with pytest.raises(TeardownError, match=f"{TO_LOCAL} would replace the cluster, whose volumes hold data"):
        foresight.foresee(SUBJECT, account, LOCAL, CHOSEN)
