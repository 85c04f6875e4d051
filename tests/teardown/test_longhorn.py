"""Longhorn's volumes are on the nodes' disks: a drain names them, none can be kept, no `up` takes the last replica."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from components.teardown import drain, foresight
from components.teardown.changes import Chosen
from components.teardown.cloud_drain import CloudDrain, DrainTarget
from components.teardown.cluster.longhorn import LonghornVolume, volumes
from components.teardown.errors import TeardownError
from tests.teardown.paper import OURS, SUBJECT, PaperAccount
from tests.teardown.paper_api_server import PaperApiServer
from tests.teardown.test_changes import CHOSEN

SPARE = replace(CHOSEN, nodepools={"default": 2, "spare": 1})
Foreseen = Callable[[Chosen, Chosen], list[str]]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> PaperApiServer:
    """The cluster's API server, with a Service; two of Longhorn's volumes, of which one has a claim."""
    made = PaperApiServer()
    made.service("uid")
    made.longhorn_volume("pvc-1", "a", "b", claim="data")
    made.longhorn_volume("by-hand", "a")
    for module in (drain, foresight):
        monkeypatch.setattr(module, "reach", lambda *_: made)
    return made


@pytest.fixture
def cluster(account: PaperAccount) -> str:
    return account.cluster(cni="calico")


@pytest.fixture
def foreseen(account: PaperAccount, cluster: str, server: PaperApiServer) -> Foreseen:
    """What an `up` of these settings after those says of a cluster with nodes a and b in one pool and c in another."""
    for name, nodes in (("default", ("a", "b")), ("spare", ("c",))):
        _, pool = account.nodepool(cluster, size=len(nodes), name=OURS.name(name))
        for node in nodes:
            account.instance(pool, name=node)
    return lambda chosen, recorded: foresight.foresee(SUBJECT, account, chosen, recorded)


def cloud(account: PaperAccount, cluster: str, policy: str, said: list[str]) -> CloudDrain:
    return CloudDrain(account, SUBJECT, DrainTarget(cluster, on_destroy=policy, wait_seconds=0.0), said.append)


def test_they_are_known_by_their_kind_and_by_their_driver_whoever_installed_longhorn(server: PaperApiServer) -> None:
    server.persistent_volume("a-block-storage-volume")
    server.longhorn_volume("only-a-pv", claim="other")
    del server.objects["/apis/longhorn.io/v1beta2/namespaces/longhorn-system/volumes/only-a-pv"]

    assert list(map(str, volumes(server))) == [
        "Longhorn volume by-hand (no claim)",
        "Longhorn volume only-a-pv (shop/other)",
        "Longhorn volume pvc-1 (shop/data)",
    ]


@pytest.mark.parametrize(
    ("policy", "why"),
    [
        ("refuse", r"^the cluster's volumes hold data: .*pulumi destroy`$"),
        ("keep", "^storage.on-destroy is keep, and nothing keeps what is on the nodes' own disks: "),
    ],
)
def test_a_destroy_that_may_not_delete_data_names_them_and_stops_before_it_touches_anything(
    account: PaperAccount, cluster: str, server: PaperApiServer, policy: str, why: str
) -> None:
    account.changes.clear()
    with pytest.raises(TeardownError, match=why) as refused:
        drain.run(cloud(account, cluster, policy, []))

    assert "Longhorn volume by-hand (no claim); Longhorn volume pvc-1 (shop/data)" in str(refused.value)
    assert "\n" not in str(refused.value)
    assert account.changes == []
    assert server.names("services") == {"web"}
    assert server.names("validatingadmissionpolicies") == set()


def test_a_destroy_that_deletes_data_says_which_goes_with_the_nodes(
    account: PaperAccount, cluster: str, server: PaperApiServer, said: list[str]
) -> None:
    drain.run(cloud(account, cluster, "delete", said))

    assert "Longhorn volume pvc-1 (shop/data) goes with its nodes" in said
    assert server.names("services") == set()


def test_longhorns_own_dead_conversion_webhook_does_not_hold_a_destroy_that_deletes_data(
    account: PaperAccount, cluster: str, server: PaperApiServer
) -> None:
    server.refusals["GET /apis/longhorn.io"] = "conversion webhook for longhorn.io/v1beta1 failed"

    drain.run(cloud(account, cluster, "delete", []))
    with pytest.raises(TeardownError, match="conversion webhook"):
        drain.run(cloud(account, cluster, "refuse", []))


@pytest.mark.parametrize(("policy", "verb"), [("refuse", "would stop because of"), ("delete", "would lose")])
def test_a_plan_names_them(
    account: PaperAccount, cluster: str, server: PaperApiServer, said: list[str], policy: str, verb: str
) -> None:
    drain.plan(cloud(account, cluster, policy, said))

    assert f"{verb} Longhorn volume pvc-1 (shop/data)" in said


@pytest.mark.parametrize("policy", ["refuse", "keep"])
def test_a_cluster_that_holds_them_is_not_replaced(foreseen: Foreseen, policy: str) -> None:
    recorded = replace(CHOSEN, on_destroy=policy)

    with pytest.raises(TeardownError, match="would replace the cluster, whose volumes hold data: Longhorn volume"):
        foreseen(replace(recorded, level="pro"), recorded)

    deletes = replace(recorded, on_destroy="delete")
    (line,) = foreseen(replace(deletes, level="pro"), deletes)
    assert "and 2 volumes or snapshots" in line.replace("volumes and snapshots", "volumes or snapshots")


def test_a_pool_with_the_last_replica_is_not_taken_out(foreseen: Foreseen, server: PaperApiServer) -> None:
    gone = replace(CHOSEN, nodepools={"spare": 1})
    with pytest.raises(TeardownError, match=r"^nodepool default loses 2 nodes, and that may take the last replica of "):
        foreseen(gone, SPARE)

    for volume in ("pvc-1", "by-hand"):
        server.longhorn_volume(volume, "a", "c", claim="data")
    assert foreseen(gone, SPARE) == []


def test_a_replica_that_failed_saves_no_volume(foreseen: Foreseen, server: PaperApiServer) -> None:
    server.longhorn_volume("by-hand", "a", "c", failed="c")

    with pytest.raises(TeardownError, match="last replica of Longhorn volume by-hand"):
        foreseen(replace(CHOSEN, nodepools={"default": 1, "spare": 1}), SPARE)


def test_a_pool_that_shrinks_keeps_volumes_with_more_replicas_than_it_loses_nodes(foreseen: Foreseen) -> None:
    with pytest.raises(TeardownError) as refused:
        foreseen(replace(CHOSEN, nodepools={"default": 1, "spare": 1}), SPARE)

    assert "nodepool default loses 1 node, " in str(refused.value)
    assert "by-hand" in str(refused.value)
    assert "pvc-1" not in str(refused.value)


def test_longhorn_is_not_uninstalled_while_it_holds_data(
    foreseen: Foreseen, server: PaperApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_it = replace(SPARE, longhorn=True)
    with pytest.raises(TeardownError, match=r"^storage.longhorn is false, and that may take .*pvc-1"):
        foreseen(SPARE, with_it)

    monkeypatch.setenv("STORAGE_ON_DESTROY", "delete")
    assert foreseen(SPARE, with_it) == []


def test_a_state_remembers_longhorn_and_one_without_it_is_as_before() -> None:
    with_it = replace(CHOSEN, longhorn=True)

    assert Chosen.of(CHOSEN.zone, with_it.inputs()) == with_it
    assert "longhorn" not in CHOSEN.inputs()


def test_a_volume_says_who_uses_it() -> None:
    assert str(LonghornVolume("x", "shop/data")) == "Longhorn volume x (shop/data)"
