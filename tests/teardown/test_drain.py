"""The drain: takes out of a cluster what would outlive it, and leaves alone what is anybody else's."""

from collections.abc import Callable

import pytest

from components.teardown import drain
from components.teardown.cloud.labels import KEEP
from components.teardown.cloud_drain import CloudDrain, DrainTarget
from components.teardown.cluster import armed
from components.teardown.cluster.api_server import Unreachable
from components.teardown.errors import TeardownError
from tests.teardown.paper import (
    K8S,
    NAMESAKE,
    NEIGHBOUR,
    OURS,
    OWNER,
    PVC,
    SUBJECT,
    UID,
    PaperAccount,
)
from tests.teardown.paper_api_server import PaperApiServer

Drained = Callable[..., list[str]]
WEB = "/api/v1/namespaces/shop/services/web"


class Cluster:
    """A cluster of ours with a node, and its API server."""

    def __init__(self, account: PaperAccount) -> None:
        self.account, self.server = account, PaperApiServer()
        self.id = account.cluster()
        _, self.pool = account.nodepool(self.id)
        self.node = account.instance(self.pool)
        account.changes.clear()

    def cloud(self, said: list[str], **target: object) -> CloudDrain:
        given = {"pool_ids": (self.pool,), "wait_seconds": 0.0, **target}
        return CloudDrain(self.account, SUBJECT, DrainTarget(self.id, **given), said.append)


@pytest.fixture
def cluster(account: PaperAccount) -> Cluster:
    return Cluster(account)


@pytest.fixture
def drained(cluster: Cluster, said: list[str], monkeypatch: pytest.MonkeyPatch) -> Drained:
    """Drains the cluster, with what a `DrainTarget` has to say."""
    monkeypatch.setattr(drain, "reach", lambda *_: cluster.server)

    def run(role: str = "", token: str = "", **target: object) -> list[str]:
        return drain.run(cluster.cloud(said, **target), role, token)

    return run


def test_it_takes_out_services_nlbs_and_volumes_and_refuses_new_ones(
    cluster: Cluster, drained: Drained, said: list[str]
) -> None:
    cluster.server.service(UID)
    cluster.account.balancer(cluster.pool, name=K8S)
    volume = cluster.account.volume(cluster.node)
    cluster.account.snapshot(volume)
    cluster.server.persistent_volume(volume, claim="data")

    assert drained(on_destroy="delete", wait_seconds=5) == []

    assert cluster.account.ids() == {cluster.id, "nodepool-2", cluster.node}
    for plural in ("services", "persistentvolumeclaims", "pods"):
        assert cluster.server.names(plural) == set()
    assert len(cluster.server.names("validatingadmissionpolicies")) == 2
    assert said[-1] == "drained: nothing in the cluster holds an NLB or a volume"


def test_it_deletes_a_gateway_before_the_service_that_it_owns(cluster: Cluster, drained: Drained) -> None:
    cluster.server.service(UID)
    gateway = cluster.server.gateway("front")

    assert drained(wait_seconds=5) == []
    deleted = [asked for asked in cluster.server.asked if asked.startswith("DELETE") and "shop" in asked]
    assert deleted == [f"DELETE {gateway}", f"DELETE {WEB}"]


def test_a_gateway_that_nobody_lets_go_is_named_and_its_service_goes(cluster: Cluster, drained: Drained) -> None:
    cluster.server.service(UID)
    cluster.server.gateway("front", "example.com/held")

    assert drained() == ["leaving Gateway shop/front: nobody removes example.com/held"]
    assert cluster.server.names("services") == set()


def test_it_lets_go_of_a_challenge_that_nobody_is_left_to_finish(cluster: Cluster, drained: Drained) -> None:
    path = cluster.server.challenge("app-1", "acme.cert-manager.io/finalizer")

    assert drained() == ["let Challenge shop/app-1 go: no pod of cert-manager is ready to finish it"]
    assert cluster.server.objects[path]["metadata"]["finalizers"] == []


def test_before_anything_is_deleted_it_is_labelled_so_that_it_is_known_when_the_cluster_is_gone(
    cluster: Cluster, drained: Drained
) -> None:
    cluster.server.service(UID)
    balancer = cluster.account.balancer(name=K8S)

    drained()

    assert cluster.account.changes == [f"label {balancer}", f"delete_load_balancer {balancer}"]


def test_a_neighbours_nlb_that_a_service_of_ours_names_as_external_stays_as_it_is(
    cluster: Cluster, drained: Drained
) -> None:
    account = cluster.account
    theirs = account.pool(NEIGHBOUR)
    balancer = account.balancer(cluster.pool, theirs, owner=NEIGHBOUR)
    cluster.server.service(UID, id=balancer, external="true")

    lines = drained()

    assert account.changes == [f"delete_load_balancer_service {balancer} to-{cluster.pool}"]
    assert lines == [
        f"leaving NLB {balancer} (nlb): {OURS}: sends traffic to instance pool {cluster.pool}; {NEIGHBOUR}: its labels"
    ]


def test_an_nlb_made_by_hand_keeps_its_address_and_what_it_does_for_others(cluster: Cluster, drained: Drained) -> None:
    balancer = cluster.account.balancer(cluster.pool, cluster.account.pool(NEIGHBOUR))

    drained()

    assert cluster.account.changes == [f"delete_load_balancer_service {balancer} to-{cluster.pool}"]


def test_the_stacks_own_nlb_is_left_to_the_destroy_without_the_services_that_lock_its_pool(
    cluster: Cluster, drained: Drained
) -> None:
    name = OURS.name("ingress")
    managed = cluster.account.balancer(cluster.pool, owner=OURS, name=name)
    cluster.account.balancer(cluster.pool, owner=NAMESAKE, name=name)
    cluster.server.service(UID, id=managed, external="true")

    drained(load_balancers=(name,))

    assert cluster.account.changes[0] == f"delete_load_balancer_service {managed} to-{cluster.pool}"
    assert managed in cluster.account.ids()


def test_guests_on_the_stacks_own_nlb_stop_the_destroy_before_anything_is_done(
    cluster: Cluster, drained: Drained
) -> None:
    theirs = cluster.account.pool(NEIGHBOUR)
    managed = cluster.account.balancer(cluster.pool, theirs, owner=OURS)
    cluster.server.service(UID)

    with pytest.raises(TeardownError, match=f"{managed}.*goes with this stack, and others use it.*to-{theirs}"):
        drained(load_balancers=(managed,))

    assert cluster.account.changes == []
    assert cluster.server.names("services") == {"web"}


@pytest.mark.parametrize("policy", ["delete", "keep"])
def test_volumes_that_the_clusters_driver_did_not_make_are_named_and_left(
    cluster: Cluster, drained: Drained, policy: str
) -> None:
    account = cluster.account
    kept = account.volume(owner=NAMESAKE, name="pvc-kept")
    theirs = account.volume(account.machine(NEIGHBOUR), name="pvc-theirs")
    mine, loose = account.volume(cluster.node, name="mine"), account.volume()
    moved = account.volume(cluster.node)  # called as the driver calls its own, and unknown to this cluster
    for number, volume in enumerate((kept, theirs, loose)):
        cluster.server.persistent_volume(volume, f"static-{number}", dynamic=False, claim=f"data-{number}")

    lines = drained(on_destroy=policy)

    assert {line.split()[2] for line in lines if line.startswith("leaving volume")} == {
        kept,
        theirs,
        mine,
        loose,
        moved,
    }
    assert account.changes == []
    assert len(cluster.server.names("persistentvolumeclaims")) == 3


def test_volumes_stop_the_destroy_before_anything_is_done_where_the_policy_is_to_refuse(
    cluster: Cluster, drained: Drained
) -> None:
    volume = cluster.account.volume(cluster.node)
    cluster.server.persistent_volume(volume)
    cluster.server.service(UID)

    with pytest.raises(TeardownError, match=f"{volume}.*STORAGE_ON_DESTROY=delete"):
        drained()

    assert cluster.account.changes == []
    assert cluster.server.names("services") == {"web"}
    assert cluster.server.names("validatingadmissionpolicies") == set()


def test_volumes_that_are_kept_say_so_on_their_labels_and_in_the_last_lines(
    cluster: Cluster, drained: Drained, said: list[str]
) -> None:
    volume = cluster.account.volume(cluster.node)
    cluster.server.persistent_volume(volume, claim="data")

    lines = drained(on_destroy="keep")

    assert lines == [f"keeping volume {volume} ({PVC}): it keeps costing money"]
    assert cluster.account.labels(volume) == OURS.labels(OWNER) | KEEP
    assert cluster.server.names("persistentvolumeclaims") == {"data"}
    assert said[-1] == "drained: nothing in the cluster holds an NLB"


def test_where_the_controller_is_dead_its_services_are_let_go_after_their_nlbs(
    cluster: Cluster, drained: Drained, said: list[str]
) -> None:
    cluster.server.service(UID)
    cluster.server.objects[WEB]["metadata"]["finalizers"] = ["service.kubernetes.io/load-balancer-cleanup"]
    cluster.account.balancer(cluster.pool, name=K8S)

    drained()

    assert cluster.account.held["load-balancers"] == []
    assert cluster.server.names("services") == set()
    assert [line for line in said if line.startswith("letting Service shop/web go")]


def test_where_the_cluster_refuses_to_let_a_service_go_its_nlb_and_volumes_go_through_the_cloud(
    cluster: Cluster, drained: Drained
) -> None:
    cluster.server.service(UID)
    volume = cluster.account.volume(cluster.node)
    cluster.server.persistent_volume(volume, claim="data")
    cluster.account.balancer(cluster.pool, name=K8S)
    cluster.server.refusals = {"DELETE /api/v1/namespaces/": 'admission webhook "no" denied the request'}

    lines = drained(on_destroy="delete")

    assert lines == ['leaving Service shop/web, whose NLB is gone: admission webhook "no" denied the request']
    assert cluster.account.ids() == {cluster.id, "nodepool-2", cluster.node}


@pytest.mark.parametrize("verb", ["refuse", "guests"])
def test_no_webhook_is_set_aside_by_a_drain_that_stops(cluster: Cluster, drained: Drained, verb: str) -> None:
    path = cluster.server.webhooks(gone={"service": {"namespace": "policy", "name": "gone"}})
    managed = cluster.account.balancer(cluster.account.pool(NEIGHBOUR), owner=OURS) if verb == "guests" else ""
    if verb == "refuse":
        cluster.server.persistent_volume(cluster.account.volume(cluster.node))

    with pytest.raises(TeardownError):
        drained(load_balancers=(managed,))

    assert cluster.server.policies(path) == {"gone": "Fail"}


def test_a_webhook_that_nobody_answers_is_set_aside_and_named(cluster: Cluster, drained: Drained) -> None:
    path = cluster.server.webhooks(gone={"service": {"namespace": "policy", "name": "gone"}})

    (line,) = drained()

    assert "set ValidatingWebhookConfiguration policy aside: Service policy/gone of its webhooks has no ready" in line
    assert cluster.server.policies(path) == {"gone": "Ignore"}


@pytest.mark.parametrize("role", ["drain", ""])
def test_a_drain_that_has_a_successor_in_its_cluster_does_nothing(
    cluster: Cluster, drained: Drained, role: str
) -> None:
    """As when it gets another name or parent; a command of before the provider has no role."""
    armed.arm(cluster.server, "drain", "new", "exoscale-sks/dev")
    cluster.server.service(UID)
    cluster.account.balancer(cluster.pool)

    assert drained(role, "old" if role else "") == [
        f"another drain is armed in cluster {cluster.id}: this one does nothing"
    ]
    assert cluster.account.changes == []
    assert cluster.server.names("services") == {"web"}


def test_the_armed_one_works(cluster: Cluster, drained: Drained) -> None:
    armed.arm(cluster.server, "drain", "mine", "exoscale-sks/dev")
    cluster.account.balancer(cluster.pool)

    assert drained("drain", "mine") == []
    assert cluster.account.held["load-balancers"] == []


def test_the_state_of_a_copied_stack_does_not_drain_the_originals_cluster(cluster: Cluster, drained: Drained) -> None:
    """The copy has the token, too."""
    armed.arm(cluster.server, "drain", "mine", "exoscale-sks/original")
    cluster.account.balancer(cluster.pool)

    with pytest.raises(TeardownError, match=r"belongs to stack exoscale-sks/original, .* is a copy"):
        drained("drain", "mine")
    assert cluster.account.changes == []


def test_a_control_plane_that_does_not_answer_is_no_dead_one(
    cluster: Cluster, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(*_: object) -> None:
        raise Unreachable("the control plane of cluster c does not answer: timed out")

    monkeypatch.setattr(drain, "reach", silent)
    cluster.account.balancer(cluster.pool)

    with pytest.raises(TeardownError, match=r"no proof that it is gone.*exoscale-sks rescue dev"):
        drain.run(cluster.cloud(said))
    assert cluster.account.changes == []


def test_one_that_goes_silent_on_the_way_is_drained_again_from_the_start(
    cluster: Cluster, drained: Drained, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster.server.silent = 1
    cluster.account.balancer(cluster.pool)

    assert drained(wait_seconds=60) == []
    assert cluster.account.held["load-balancers"] == []


@pytest.mark.parametrize("releases", [True, False])
def test_of_a_cluster_that_is_gone_the_cloud_is_cleared_and_helms_releases_are_said_to_be_lost(
    cluster: Cluster, drained: Drained, monkeypatch: pytest.MonkeyPatch, releases: bool
) -> None:
    monkeypatch.setattr(drain, "reach", lambda *_: None)
    cluster.account.balancer(cluster.pool)

    if releases:
        with pytest.raises(TeardownError, match=f"{cluster.id} is gone, so Helm cannot uninstall.*rescue dev"):
            drained(releases=True)
    else:
        assert drained() == []
    assert cluster.account.held["load-balancers"] == []


def unfinished(cluster: Cluster, said: list[str], **target: object) -> list[str]:
    """What the drain of an `up` that never armed its second drain gives."""
    return drain.run_unfinished(cluster.cloud(said, pool_ids=(), **target), "second-drain")


def test_a_cluster_whose_up_never_ended_is_drained_by_its_own_step(
    cluster: Cluster, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drain, "reach", lambda *_: cluster.server)
    armed.arm(cluster.server, "nodepool-sweep", "any", "exoscale-sks/dev")  # comes before the nodepools
    cluster.server.service(UID)
    cluster.account.balancer(cluster.pool, name=K8S)
    cluster.server.persistent_volume(cluster.account.volume(cluster.node), claim="data")

    with pytest.raises(TeardownError, match="volumes hold data"):
        unfinished(cluster, said)
    assert cluster.account.changes == []

    (line,) = unfinished(cluster, said, on_destroy="delete", wait_seconds=5)
    assert "run it again" in line
    assert cluster.account.ids() == {cluster.id, "nodepool-2", cluster.node}
    assert cluster.server.names("services") == set()


def test_that_step_does_nothing_where_an_up_ended_or_the_cluster_is_gone(
    cluster: Cluster, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster.server.service(UID)
    cluster.account.balancer(cluster.pool, name=K8S)
    armed.arm(cluster.server, "second-drain", "any", "exoscale-sks/dev")

    for server in (cluster.server, None):
        monkeypatch.setattr(drain, "reach", lambda *_, found=server: found)
        assert unfinished(cluster, said) == []
    assert cluster.account.changes == said == []
    assert cluster.server.names("services")


def test_that_step_of_a_copied_state_drains_nothing_of_the_stack_that_it_was_copied_from(
    cluster: Cluster, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drain, "reach", lambda *_: cluster.server)
    armed.arm(cluster.server, "nodepool-sweep", "any", "exoscale-sks/original")
    cluster.server.service(UID)
    cluster.account.balancer(cluster.pool, name=K8S)

    with pytest.raises(TeardownError, match="belongs to stack exoscale-sks/original"):
        unfinished(cluster, said)
    assert cluster.account.changes == []
    assert cluster.server.names("services")


def test_a_silent_control_plane_stops_that_step_only_while_its_cluster_has_machines(
    account: PaperAccount, cluster: Cluster, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []

    def silent(_: object, __: object, patience: float, ___: object) -> None:
        waits.append(round(patience))
        raise Unreachable("the control plane does not answer")

    monkeypatch.setattr(drain, "reach", silent)
    with pytest.raises(TeardownError, match=r"no proof that it is gone.*exoscale-sks rescue dev"):
        unfinished(cluster, said, wait_seconds=60)

    for pool in account.held["sks-clusters"][0]["nodepools"]:
        pool["size"] = 0
    (line,) = unfinished(cluster, said, wait_seconds=60)
    assert "has no machines, so the destroy goes on" in line
    assert waits == [60, 0]
    assert account.changes == []


@pytest.mark.parametrize(
    ("policy", "verb"), [("refuse", "would stop because of"), ("delete", "would delete"), ("keep", "would keep")]
)
def test_a_plan_says_what_a_drain_would_do_and_does_nothing(
    cluster: Cluster, said: list[str], monkeypatch: pytest.MonkeyPatch, policy: str, verb: str
) -> None:
    monkeypatch.setattr(drain, "reach", lambda *_: cluster.server)
    account = cluster.account
    cluster.server.service(UID)
    ours = account.balancer(cluster.pool, name=K8S)
    shared = account.balancer(cluster.pool, account.pool(NEIGHBOUR))
    volume = account.volume(cluster.node)
    cluster.server.persistent_volume(volume)

    drain.plan(cluster.cloud(said, on_destroy=policy))

    assert account.changes == []
    assert ["would delete Service shop/web", f"would delete NLB {ours} ({K8S})"] == said[:2]
    assert said[2].startswith(f"would take 1 services off NLB {shared} (nlb)")
    assert said[3] == f"{verb} volume {volume} ({PVC})"
    assert said[4].startswith(f"leaving NLB {shared} (nlb)")
    assert cluster.server.names("services") == {"web"}
