"""Whether a pod of the ingress controller is ready where the load balancer sends the traffic."""

import pytest

from components.teardown.errors import TeardownError
from components.teardown.ingress_pods import await_one
from tests.teardown.paper import UID, PaperAccount
from tests.teardown.paper_api_server import PaperApiServer


@pytest.fixture
def pool(account: PaperAccount) -> str:
    """The instance pool of the traffic."""
    return account.nodepool(account.cluster())[1]


@pytest.fixture
def server(account: PaperAccount, pool: str) -> PaperApiServer:
    """A cluster with a node in the pool and one in another, and the controller's Service."""
    made = PaperApiServer()
    made.node("here", account.instance(pool))
    made.node("elsewhere", account.instance(account.nodepool(account.cluster())[1]))
    made.service(UID, "ingress-controller")
    return made


def awaited(account: PaperAccount, server: PaperApiServer, pool: str, patience: float = 0) -> list[str]:
    """What it says when it ends well."""
    said: list[str] = []
    await_one(account, server, "shop", "web", pool, patience, said.append)
    return said


def test_a_ready_pod_on_a_node_of_the_pool_is_enough(account: PaperAccount, server: PaperApiServer, pool: str) -> None:
    server.endpoints("ingress-controller", "elsewhere", "here")

    assert awaited(account, server, pool) == []


@pytest.mark.parametrize("where", ["nowhere", "in another pool", "not ready", "behind another service"])
def test_a_pod_that_gets_no_traffic_is_none_and_the_line_says_where_it_is_missing(
    account: PaperAccount, server: PaperApiServer, pool: str, where: str
) -> None:
    if where == "in another pool":
        server.endpoints("ingress-controller", "elsewhere")
    if where == "not ready":
        server.endpoints("ingress-controller", "here", ready=False)
    if where == "behind another service":
        server.endpoints("shop", "here")

    with pytest.raises(
        TeardownError, match=r"has no ready pod on nodepool web.*no such pod is ready on here\. Next: "
    ) as no:
        awaited(account, server, pool)
    assert "\n" not in str(no.value)


def test_a_pool_whose_machines_have_not_joined_is_waited_for_until_they_have(
    account: PaperAccount, server: PaperApiServer, pool: str
) -> None:
    account.instance(pool)
    del server.objects["/api/v1/nodes/here"]
    with pytest.raises(TeardownError, match="none of its 2 machines has joined the cluster"):
        awaited(account, server, pool)

    server.endpoints("ingress-controller", "here")
    said: list[str] = []

    def joins(line: str) -> None:
        said.append(line)
        server.node("here", next(one["id"] for one in account.held["instances"] if one["manager"]["id"] == pool))

    await_one(account, server, "shop", "web", pool, 60, joins)
    assert len(said) == 1


def test_a_parked_pool_has_no_pod_and_is_passed_over_with_a_word(account: PaperAccount, server: PaperApiServer) -> None:
    [line] = awaited(account, server, account.nodepool(account.cluster(), size=0)[1])

    assert line == "nodepool web has no node, so nothing answers behind the ingress controller's load balancer"


def test_it_ends_only_when_the_load_balancer_sends_the_controllers_traffic_to_no_other_pool(
    account: PaperAccount, server: PaperApiServer, pool: str
) -> None:
    """The pool that it leaves may go next, and Exoscale keeps one that an NLB sends traffic to."""
    server.endpoints("ingress-controller", "here")
    id_ = account.balancer()
    server.service(UID, "ingress-controller", id=id_)
    server.objects["/api/v1/namespaces/shop/services/ingress-controller"]["spec"]["ports"] = [{"port": 80}]
    [balancer] = account.held["load-balancers"]
    of_others = {"id": "2", "port": 8080, "instance-pool": {"id": "another"}}
    moving = {"id": "1", "port": 80, "instance-pool": {"id": "another"}}
    balancer["services"] = [of_others, moving]

    with pytest.raises(TeardownError, match=f"port 80 of NLB {id_} still goes to another pool"):
        awaited(account, server, pool)
    moving["instance-pool"] = {"id": pool}
    assert awaited(account, server, pool) == []
