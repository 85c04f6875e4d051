"""The volumes behind a cluster's claims, and the claims whose data is to go."""

from components.teardown.cluster import volume_claims
from tests.teardown.paper import PVC
from tests.teardown.paper_api_server import PaperApiServer


def test_those_that_the_driver_made_are_told_from_those_that_a_person_names() -> None:
    server = PaperApiServer()
    server.persistent_volume("made")
    server.persistent_volume("named", "mine", dynamic=False)
    server.objects["/api/v1/persistentvolumes/nfs"] = {"metadata": {"name": "nfs"}, "spec": {"nfs": {}}}

    assert volume_claims.volumes(server) == ({"made": PVC}, {"named"})


def test_claims_of_the_stacks_volumes_go_with_their_pods_and_all_others_stay(said: list[str]) -> None:
    """With a claim the CSI controller would delete its volume, whoever else's that is."""
    server = PaperApiServer()
    server.persistent_volume("ours", "one", claim="data")
    server.persistent_volume("theirs", "two", claim="shared")

    volume_claims.remove(server, {"ours"}, 0, said.append)

    assert server.names("persistentvolumeclaims") == {"shared"}
    assert server.names("pods") == {"shared-user"}
    assert said == ["deleting PersistentVolumeClaim shop/data"]


def test_a_claim_whose_volume_the_driver_is_still_making_goes_and_another_drivers_stays(said: list[str]) -> None:
    server = PaperApiServer()
    for name, driver in (("ours", volume_claims.DRIVER), ("nfs", "nfs.example.com")):
        annotations = {"volume.kubernetes.io/storage-provisioner": driver}
        metadata = {"name": name, "namespace": "shop", "annotations": annotations}
        server.objects[f"/api/v1/namespaces/shop/persistentvolumeclaims/{name}"] = {"metadata": metadata, "spec": {}}

    volume_claims.remove(server, set(), 0, said.append)

    assert server.names("persistentvolumeclaims") == {"nfs"}


def test_the_driver_is_waited_for_while_it_deletes_and_not_where_it_retains(said: list[str]) -> None:
    server = PaperApiServer()
    server.persistent_volume("retained", "kept-by-class", claim="data")
    server.persistent_volume("deleted", claim="data-2")
    going = server.objects[f"/api/v1/persistentvolumes/{PVC}"]["spec"]
    going |= {"persistentVolumeReclaimPolicy": "Delete", "claimRef": {"name": "data-2"}}

    volume_claims.remove(server, {"retained", "deleted"}, 0, said.append)

    assert said[-1] == "waiting: the CSI controller deletes 1 volumes"


def test_a_claim_that_the_cluster_refuses_to_delete_is_said_and_does_not_stop_the_drain(said: list[str]) -> None:
    server = PaperApiServer()
    server.persistent_volume("ours", claim="data")
    refused = ("DELETE /api/v1/namespaces/shop/persistentvolumeclaims", "DELETE /api/v1/namespaces/shop/pods")
    server.refusals = dict.fromkeys(refused, "denied the request")

    volume_claims.remove(server, {"ours"}, 0, said.append)

    assert said[1:] == [
        "the cluster refuses to delete PersistentVolumeClaim shop/data: denied the request",
        "the cluster refuses to delete Pod shop/data-user: denied the request",
    ]
