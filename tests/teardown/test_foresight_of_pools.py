"""What is known of the nodepools of a living stack before an `up` takes them out or makes them anew."""

from dataclasses import replace

import pytest

from components.teardown import foresight
from components.teardown.changes import Placement
from components.teardown.cluster.api_server import Unreachable
from components.teardown.errors import TeardownError
from tests.teardown.paper import K8S, NEIGHBOUR, OURS, SUBJECT, UID, PaperAccount
from tests.teardown.paper_api_server import PaperApiServer
from tests.teardown.test_changes import CHOSEN


@pytest.fixture(autouse=True)
def cluster(account: PaperAccount) -> str:
    return account.cluster(cni="calico")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> PaperApiServer:
    """The cluster's API server."""
    made = PaperApiServer()
    monkeypatch.setattr(foresight, "reach", lambda *_: made)
    return made


RENAMED = replace(CHOSEN, nodepools={"new": 2})


@pytest.fixture
def pool(account: PaperAccount, cluster: str) -> str:
    """The instance pool of the nodepool `default`."""
    return account.nodepool(cluster, size=2, name=OURS.name("default"))[1]


def test_a_pool_that_users_send_traffic_to_is_not_taken_out_and_they_are_named(
    account: PaperAccount, server: PaperApiServer, pool: str
) -> None:
    by_name, by_id = account.balancer(pool, name=K8S), account.balancer(pool, name="theirs")
    by_hand, away = account.balancer(pool, name="by-hand"), account.balancer(account.pool(NEIGHBOUR))
    server.service(UID, "web")
    server.service("another-uid", "api", id=by_id)

    with pytest.raises(TeardownError) as refused:
        foresight.foresee(SUBJECT, account, RENAMED, CHOSEN)

    line = str(refused.value)
    assert line.startswith("nodepool default is to go, and gets traffic from ")
    assert f"Service shop/web (NLB {by_name}), Service shop/api (NLB {by_id}), NLB by-hand ({by_hand})" in line
    assert away not in line


def test_a_service_is_known_by_its_load_balancer_where_the_cluster_does_not_answer(
    account: PaperAccount, pool: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(*_: object) -> None:
        raise Unreachable("nobody there")

    monkeypatch.setattr(foresight, "reach", silent)
    id_ = account.balancer(pool, name=K8S)

    with pytest.raises(TeardownError, match=f"gets traffic from the Service of NLB {K8S} \\({id_}\\): "):
        foresight.foresee(SUBJECT, account, RENAMED, CHOSEN)


@pytest.mark.parametrize(("noun", "load_balancer"), [("ingress", "managed"), ("ccm", "ccm")])
def test_the_stacks_own_ingress_keeps_no_pool_for_its_load_balancer_moves_with_the_settings(
    account: PaperAccount, server: PaperApiServer, pool: str, noun: str, load_balancer: str
) -> None:
    account.balancer(pool, name=OURS.name(noun))

    assert foresight.foresee(SUBJECT, account, replace(RENAMED, load_balancer=load_balancer), CHOSEN) == []


def test_a_pool_that_stays_or_goes_with_the_cluster_may_be_sent_traffic(
    account: PaperAccount, server: PaperApiServer, pool: str
) -> None:
    account.balancer(pool, name=K8S)

    assert foresight.foresee(SUBJECT, account, CHOSEN, CHOSEN) == []
    (line,) = foresight.foresee(SUBJECT, account, replace(RENAMED, level="pro"), CHOSEN)
    assert line.startswith("the cluster is replaced")


TAINTED = replace(CHOSEN, placements={"default": Placement(tainted=True, spread=True, nodes=2)})
UNTAINTED = replace(CHOSEN, placements={"default": Placement(tainted=False, spread=True, nodes=2)})


def test_a_pool_that_is_made_anew_is_refused_while_users_send_it_traffic(
    account: PaperAccount, server: PaperApiServer, cluster: str
) -> None:
    taints = {"dedicated": {"value": "gpu", "effect": "NoSchedule"}}
    _, pool = account.nodepool(cluster, size=2, name=OURS.name("default"), taints=taints)
    account.balancer(pool, name=OURS.name("ingress"), owner=OURS)
    assert foresight.foresee(SUBJECT, account, UNTAINTED, TAINTED) == []

    account.balancer(pool, name=K8S)
    server.service(UID, "web")

    with pytest.raises(TeardownError, match=r"default is made anew \(.*\), and gets traffic from Service shop/web"):
        foresight.foresee(SUBJECT, account, UNTAINTED, TAINTED)
    assert foresight.foresee(SUBJECT, account, UNTAINTED, CHOSEN) == []


def test_a_pool_that_is_made_anew_and_does_not_fit_beside_itself_is_refused(
    account: PaperAccount, cluster: str
) -> None:
    groups = [{"id": "group"}]
    account.nodepool(cluster, size=7, name=OURS.name("default"), taints={"a": {}}, **{"anti-affinity-groups": groups})

    with pytest.raises(TeardownError, match="its 7 old nodes go, and with 2 new ones they are more than the 8"):
        foresight.foresee(SUBJECT, account, UNTAINTED, TAINTED)
