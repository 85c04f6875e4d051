"""Elastic IPs and reverse DNS, seen by the official client."""

from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from sandbox.client import OperationEnded, SandboxClient
from sandbox.cloud import Cloud
from sandbox.faults import Fault
from tests.sandbox.instance_pool_bench import Pools
from tests.sandbox.sks_bench import NOWHERE, refused

CHECK = {"mode": "tcp", "port": 80}


@pytest.fixture
def bench(cloud: Cloud, client: SandboxClient) -> Pools:
    return Pools(cloud, client)


def elastic(bench: Pools, **body: Any) -> str:
    return bench.done(bench.client.create_elastic_ip(**(body or {"description": "spare"})))


def shown(bench: Pools, id_: str) -> dict[str, Any]:
    found: dict[str, Any] = bench.client.get_elastic_ip(id=id_)
    return found


def test_an_elastic_ip_has_an_address_of_its_own_from_the_documentation_range(bench: Pools) -> None:
    one, other = shown(bench, elastic(bench)), shown(bench, elastic(bench))
    assert one["ip"] != other["ip"]
    assert ip_address(one["ip"]) in ip_network("203.0.113.0/24")
    assert (one["addressfamily"], one["cidr"], one["description"]) == ("inet4", f"{one['ip']}/32", "spare")
    assert bench.client.list_elastic_ips()["elastic-ips"] == [one, other]


def test_an_elastic_ip_can_be_of_ipv6(bench: Pools) -> None:
    found = shown(bench, elastic(bench, addressfamily="inet6"))
    assert found["addressfamily"] == "inet6"
    assert ip_address(found["ip"]) in ip_network("2001:db8::/32")
    assert ip_network(found["cidr"])


def test_a_load_balancer_never_gets_the_address_of_an_elastic_ip(bench: Pools, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOAD_BALANCERS", "ELASTIC"):
        monkeypatch.setattr(f"sandbox.api.address.{name}", ("203.0.113.0/30",))  # two hosts
    held = shown(bench, elastic(bench))["ip"]
    assert bench.client.get_load_balancer(id=bench.balancer())["ip"] != held
    assert "no free address" in refused(lambda: bench.client.create_elastic_ip(description="third"), 409)


def test_a_health_check_has_the_documented_defaults_and_echoes_the_rest(bench: Pools) -> None:
    id_ = elastic(bench, healthcheck=CHECK)
    assert shown(bench, id_)["healthcheck"] == {
        **CHECK,
        **{"interval": 10, "timeout": 2, "strikes-ok": 2, "strikes-fail": 3},
    }
    changed = {"mode": "https", "port": 443, "uri": "/", "interval": 6, "timeout": 4, "tls-skip-verify": True}
    bench.done(bench.client.update_elastic_ip(id=id_, healthcheck=changed, labels={"for": "web"}))
    found = shown(bench, id_)
    assert found["healthcheck"].items() >= changed.items()
    assert found["labels"] == {"for": "web"}
    assert "description" not in found


@pytest.mark.parametrize(
    ("check", "why"),
    [({"mode": "http", "port": 80}, "uri is missing"), ({**CHECK, "interval": 5, "timeout": 6}, "above interval 5")],
)
def test_a_health_check_that_cannot_be_is_refused(bench: Pools, check: dict[str, Any], why: str) -> None:
    assert why in refused(lambda: bench.client.create_elastic_ip(healthcheck=check), 400)


def test_a_description_can_be_changed_and_reset(bench: Pools) -> None:
    id_ = elastic(bench)
    bench.done(bench.client.update_elastic_ip(id=id_, description="mail"))
    assert shown(bench, id_)["description"] == "mail"
    bench.done(bench.client.reset_elastic_ip_field(id=id_, field="description"))
    assert "description" not in shown(bench, id_)


def test_an_elastic_ip_is_of_one_zone(bench: Pools, connected: Any) -> None:
    id_ = elastic(bench)
    elsewhere = connected(zone="de-fra-1")
    assert elsewhere.list_elastic_ips() == {"elastic-ips": []}
    refused(lambda: elsewhere.get_elastic_ip(id=id_), 404)


def test_instances_share_an_elastic_ip_and_are_found_by_its_address(bench: Pools) -> None:
    id_, members = elastic(bench), bench.instances(bench.pool()["id"])
    for member in members:
        bench.done(bench.client.attach_instance_to_elastic_ip(id=id_, instance={"id": member["id"]}))
        assert bench.instance(member["id"])["elastic-ips"] == [{"id": id_}]
    found = bench.client.list_instances(ip_address=shown(bench, id_)["ip"])["instances"]
    assert [instance["id"] for instance in found] == [member["id"] for member in members]


def test_an_elastic_ip_that_an_instance_has_is_not_deleted(bench: Pools) -> None:
    id_, instance = elastic(bench), {"id": bench.member()["id"]}
    bench.done(bench.client.attach_instance_to_elastic_ip(id=id_, instance=instance))
    assert "in use by virtual machines" in refused(lambda: bench.client.delete_elastic_ip(id=id_), 409)
    bench.done(bench.client.detach_instance_from_elastic_ip(id=id_, instance=instance))
    assert bench.client.list_instances(ip_address=shown(bench, id_)["ip"])["instances"] == []
    bench.done(bench.client.delete_elastic_ip(id=id_))
    refused(lambda: shown(bench, id_), 404)


def test_an_elastic_ip_is_free_once_its_pool_is_gone(bench: Pools) -> None:
    id_ = elastic(bench)
    pool = bench.pool(elastic_ips=[{"id": id_}])
    refused(lambda: bench.client.delete_elastic_ip(id=id_), 409)
    bench.done(bench.client.delete_instance_pool(id=pool["id"]))
    bench.done(bench.client.delete_elastic_ip(id=id_))


def test_attaching_twice_or_detaching_what_is_not_attached_is_refused(bench: Pools) -> None:
    id_, instance = elastic(bench), {"id": bench.member()["id"]}
    refused(lambda: bench.client.detach_instance_from_elastic_ip(id=id_, instance=instance), 409)
    bench.done(bench.client.attach_instance_to_elastic_ip(id=id_, instance=instance))
    refused(lambda: bench.client.attach_instance_to_elastic_ip(id=id_, instance=instance), 409)


def test_an_instance_that_is_not_there_or_not_ready_is_refused(bench: Pools) -> None:
    id_ = elastic(bench)
    refused(lambda: bench.client.attach_instance_to_elastic_ip(id=id_, instance={"id": NOWHERE}), 404)
    refused(lambda: bench.client.attach_instance_to_elastic_ip(id=id_, instance={}), 400)
    starting = bench.instances(bench.new_pool(size=1)["reference"]["id"])[0]
    message = refused(lambda: bench.client.attach_instance_to_elastic_ip(id=id_, instance={"id": starting["id"]}), 409)
    assert "is busy: starting" in message


def test_a_failed_attachment_or_detachment_leaves_things_as_they_were(bench: Pools) -> None:
    id_, instance = elastic(bench), {"id": bench.member()["id"]}

    def fails(change: Any) -> None:
        bench.cloud.faults.arm(Fault(change.__name__.replace("_", "-"), "failure"))
        with pytest.raises(OperationEnded):
            bench.done(change(id=id_, instance=instance))

    fails(bench.client.attach_instance_to_elastic_ip)
    assert bench.instance(instance["id"]).get("elastic-ips", []) == []
    bench.done(bench.client.attach_instance_to_elastic_ip(id=id_, instance=instance))
    fails(bench.client.detach_instance_from_elastic_ip)
    assert bench.instance(instance["id"])["elastic-ips"] == [{"id": id_}]


@pytest.mark.parametrize("kind", ["elastic_ip", "instance"])
def test_a_name_for_an_address_is_told_until_it_is_deleted(bench: Pools, kind: str) -> None:
    id_ = elastic(bench) if kind == "elastic_ip" else bench.member()["id"]
    get, set_, delete = (getattr(bench.client, f"{verb}_reverse_dns_{kind}") for verb in ("get", "update", "delete"))
    refused(lambda: get(id=id_), 404)
    refused(lambda: delete(id=id_), 404)
    bench.done(set_(id=id_, domain_name="www.example.org"))
    assert get(id=id_) == {"domain-name": "www.example.org"}
    bench.done(delete(id=id_))
    refused(lambda: get(id=id_), 404)
