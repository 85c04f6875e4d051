"""Instances that stand by themselves, made, changed and deleted by the official client."""

from ipaddress import ip_address
from typing import Any

import pytest

from sandbox.api.catalogue import identity
from sandbox.client import OperationEnded, SandboxClient
from sandbox.cloud import Cloud
from sandbox.faults import Fault
from tests.sandbox.instance_pool_bench import TEMPLATE, Pools
from tests.sandbox.organization_bench import PUBLIC_KEY
from tests.sandbox.sks_bench import MEDIUM, SMALL


@pytest.fixture
def bench(cloud: Cloud, client: SandboxClient) -> Pools:
    return Pools(cloud, client)


def every(bench: Pools, **query: str) -> list[str]:
    return [instance["id"] for instance in bench.client.list_instances(**query)["instances"]]


def test_it_starts_runs_and_belongs_to_nobody(bench: Pools) -> None:
    started = bench.new_machine(labels={"a": "b"}, user_data="Iw==")
    id_ = started["reference"]["id"]
    assert started["reference"]["command"] == "get-instance"
    assert bench.instance(id_)["state"] == "starting"
    bench.done(started)
    instance = bench.instance(id_)
    assert "manager" not in instance
    assert (instance["name"], instance["state"], instance["disk-size"]) == ("web", "running", 10)
    assert (instance["instance-type"], instance["template"]) == (SMALL, TEMPLATE)
    assert (instance["labels"], instance["user-data"]) == ({"a": "b"}, "Iw==")
    assert (instance["secureboot-enabled"], instance["tpm-enabled"]) == (False, False)
    assert bench.client.list_instances()["instances"] == [instance]


def test_without_a_security_group_it_wears_the_default_one(bench: Pools) -> None:
    (group,) = bench.instance(bench.machine())["security-groups"]
    assert bench.client.get_security_group(id=group["id"])["name"] == "default"


def test_it_is_in_the_groups_that_it_was_made_with(bench: Pools) -> None:
    firewall = bench.done(bench.client.create_security_group(name="f"))
    spread = bench.done(bench.client.create_anti_affinity_group(name="g"))
    id_ = bench.machine(security_groups=[{"id": firewall}], anti_affinity_groups=[{"id": spread}])
    assert bench.instance(id_)["security-groups"] == [{"id": firewall}]
    assert bench.client.get_anti_affinity_group(id=spread)["instances"] == [{"id": id_}]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({}, "inet4"),
        ({"ipv6_enabled": True}, "dual"),
        ({"public_ip_assignment": "dual"}, "dual"),
        ({"ipv6_enabled": False, "public_ip_assignment": "none"}, "none"),
    ],
)
def test_it_has_the_public_addresses_that_it_asked_for(bench: Pools, body: dict[str, Any], told: str) -> None:
    instance = bench.instance(bench.machine(**body))
    assert instance["public-ip-assignment"] == told
    assert ("public-ip" in instance, "ipv6-address" in instance) == (told != "none", told == "dual")


@pytest.mark.parametrize("asked", [{"ssh_key": {"name": "me"}}, {"ssh_keys": [{"name": "me"}]}])
def test_an_ssh_key_is_shown_as_the_one_and_among_several(bench: Pools, asked: dict[str, Any]) -> None:
    bench.client.register_ssh_key(name="me", public_key=PUBLIC_KEY)
    instance = bench.instance(bench.machine(**asked))
    assert (instance["ssh-key"], instance["ssh-keys"]) == ({"name": "me"}, [{"name": "me"}])


def test_one_that_is_not_to_start_ends_up_stopped(bench: Pools) -> None:
    assert bench.instance(bench.stopped())["state"] == "stopped"


def test_one_that_could_not_be_made_is_in_error_and_can_be_deleted(bench: Pools) -> None:
    bench.cloud.faults.arm(Fault("create-instance", "failure"))
    with pytest.raises(OperationEnded):
        bench.machine()
    (instance,) = bench.client.list_instances()["instances"]
    assert instance["state"] == "error"
    bench.done(bench.client.delete_instance(id=instance["id"]))
    assert every(bench) == []


def test_each_interface_has_a_mac_address_of_its_own(bench: Pools) -> None:
    id_, network = bench.machine(), bench.done(bench.client.create_private_network(name="lan"))
    bench.done(bench.client.attach_instance_to_private_network(id=network, instance={"id": id_}))
    instance = bench.instance(id_)
    (interface,) = instance["private-networks"]
    assert interface["id"] == network
    assert interface["mac-address"] != instance["mac-address"]


def test_instances_are_found_by_their_labels(bench: Pools) -> None:
    both, one = bench.machine(labels={"a": "b", "c": "d"}), bench.machine(labels={"a": "b"})
    bench.pool(size=1)
    assert every(bench, labels="a=b") == [both, one]
    assert every(bench, labels="a=b c=d") == [both]
    assert every(bench, labels="a=d") == []


def test_one_by_itself_is_no_pools(bench: Pools) -> None:
    id_, pool = bench.machine(), bench.pool(size=1)
    assert id_ not in every(bench, manager_id=pool["id"], manager_type="instance-pool")
    assert every(bench, ip_address=bench.instance(id_)["public-ip"]) == [id_]
    bench.done(bench.client.delete_instance_pool(id=pool["id"]))
    assert every(bench) == [id_]


def test_what_is_updated_shows_at_the_end_and_the_rest_stays(bench: Pools) -> None:
    id_ = bench.machine(labels={"a": "b"})
    before = bench.instance(id_)
    started = bench.client.update_instance(id=id_, name="other", labels={"c": "d"}, user_data="Iw==")
    assert bench.instance(id_) == before
    bench.done(started)
    assert bench.instance(id_) == {**before, "name": "other", "labels": {"c": "d"}, "user-data": "Iw=="}
    bench.done(bench.client.reset_instance_field(id=id_, field="labels"))
    assert bench.instance(id_)["labels"] == {}


def test_its_addresses_follow_the_assignment_and_the_one_that_may_stay_does(bench: Pools) -> None:
    id_ = bench.machine()
    address = bench.instance(id_)["public-ip"]
    bench.done(bench.client.update_instance(id=id_, public_ip_assignment="dual"))
    assert bench.instance(id_)["public-ip"] == address
    assert ip_address(bench.instance(id_)["ipv6-address"]).version == 6
    bench.done(bench.client.update_instance(id=id_, public_ip_assignment="none"))
    assert not {"public-ip", "ipv6-address"} & bench.instance(id_).keys()
    bench.done(bench.client.update_instance(id=id_, public_ip_assignment="inet4"))
    assert "public-ip" in bench.instance(id_)


def test_stopped_it_gets_another_type_a_larger_disk_and_a_tpm(bench: Pools) -> None:
    id_ = bench.stopped()
    bench.done(bench.client.scale_instance(id=id_, instance_type=MEDIUM))
    bench.done(bench.client.resize_instance_disk(id=id_, disk_size=20))
    bench.done(bench.client.enable_tpm(id=id_))
    instance = bench.instance(id_)
    assert (instance["instance-type"], instance["disk-size"], instance["tpm-enabled"]) == (MEDIUM, 20, True)
    assert instance["state"] == "stopped"
    memory = {"id": identity("instance-type", "memory.extra-large")}
    bench.done(bench.client.scale_instance(id=id_, instance_type=memory))
    assert bench.instance(id_)["instance-type"] == memory


def test_its_volume_outlives_it_and_is_free_again(bench: Pools) -> None:
    id_ = bench.machine()
    volume = bench.done(bench.client.create_block_storage_volume(name="data"))
    attach = bench.client.attach_block_storage_volume_to_instance
    bench.done(attach(id=volume, instance={"id": id_}))
    assert bench.client.get_block_storage_volume(id=volume)["instance"] == {"id": id_}
    started = bench.client.delete_instance(id=id_)
    assert bench.instance(id_)["state"] == "destroying"
    bench.done(started)
    assert every(bench) == []
    assert bench.client.get_block_storage_volume(id=volume)["state"] == "detached"


def test_what_it_was_attached_to_can_be_deleted_once_it_is_gone(bench: Pools) -> None:
    elastic = bench.done(bench.client.create_elastic_ip(description="e"))
    network = bench.done(bench.client.create_private_network(name="n"))
    firewall = bench.done(bench.client.create_security_group(name="f"))
    id_ = bench.machine(security_groups=[{"id": firewall}])
    bench.done(bench.client.attach_instance_to_elastic_ip(id=elastic, instance={"id": id_}))
    bench.done(bench.client.attach_instance_to_private_network(id=network, instance={"id": id_}))
    bench.done(bench.client.delete_instance(id=id_))
    bench.done(bench.client.delete_elastic_ip(id=elastic))
    bench.done(bench.client.delete_private_network(id=network))
    bench.done(bench.client.delete_security_group(id=firewall))


def test_a_protected_one_can_be_deleted_once_it_is_not(bench: Pools) -> None:
    id_ = bench.machine()
    before = bench.instance(id_)
    for change in (bench.client.remove_instance_protection, *[bench.client.add_instance_protection] * 2):
        bench.done(change(id=id_))
    assert bench.instance(id_) == before
    bench.done(bench.client.remove_instance_protection(id=id_))
    bench.done(bench.client.delete_instance(id=id_))
    assert every(bench) == []
