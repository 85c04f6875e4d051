"""Starting and stopping instances, and what is on their disks."""

import pytest

from sandbox.api.password import KEPT_SECONDS
from sandbox.client import OperationEnded, SandboxClient
from sandbox.cloud import Cloud
from sandbox.faults import Fault
from tests.sandbox.instance_pool_bench import TEMPLATE, Pools
from tests.sandbox.sks_bench import MEDIUM, refused

# The document wants a body, be it empty; the client sends none then.
RESCUE = {"rescue_profile": "netboot"}


@pytest.fixture
def bench(cloud: Cloud, client: SandboxClient) -> Pools:
    return Pools(cloud, client)


def test_it_stops_and_starts_again_with_its_address(bench: Pools) -> None:
    id_ = bench.machine()
    address = bench.instance(id_)["public-ip"]
    for change, passing, end in (
        (lambda: bench.client.stop_instance(id=id_), "stopping", "stopped"),
        (lambda: bench.client.start_instance(id=id_, **RESCUE), "starting", "running"),
        (lambda: bench.client.reboot_instance(id=id_), "stopping", "running"),
    ):
        started = change()
        assert bench.instance(id_)["state"] == passing
        bench.done(started)
        assert bench.instance(id_)["state"] == end
    assert bench.instance(id_)["public-ip"] == address


def test_what_is_stopped_can_be_stopped_again_and_what_runs_started(bench: Pools) -> None:
    stopped, running = bench.stopped(), bench.machine()
    bench.done(bench.client.stop_instance(id=stopped))
    bench.done(bench.client.start_instance(id=running, **RESCUE))
    assert [bench.instance(id_)["state"] for id_ in (stopped, running)] == ["stopped", "running"]


@pytest.mark.parametrize("operation", ["stop-instance", "reboot-instance"])
def test_one_that_could_not_be_stopped_runs_on(bench: Pools, operation: str) -> None:
    id_ = bench.machine()
    bench.cloud.faults.arm(Fault(operation, "failure"))
    with pytest.raises(OperationEnded):
        bench.done(getattr(bench.client, operation.replace("-", "_"))(id=id_))
    assert bench.instance(id_)["state"] == "running"


def test_reset_it_has_the_template_and_the_disk_that_were_asked_for_and_a_new_password(bench: Pools) -> None:
    id_ = bench.machine()
    debian = next(one for one in bench.client.list_templates()["templates"] if "Debian" in one["name"])
    old = bench.client.reveal_instance_password(id=id_)
    bench.done(bench.client.reset_instance(id=id_, template={"id": debian["id"]}, disk_size=20))
    instance = bench.instance(id_)
    assert (instance["template"], instance["disk-size"], instance["state"]) == ({"id": debian["id"]}, 20, "running")
    assert bench.client.reveal_instance_password(id=id_) != old


def test_a_password_is_revealed_for_a_day_and_again_after_it_was_reset(bench: Pools) -> None:
    id_ = bench.machine()
    first = bench.client.reveal_instance_password(id=id_)["password"]
    assert bench.client.reveal_instance_password(id=id_)["password"] == first
    assert "password" not in str(bench.instance(id_))
    (instance,) = bench.cloud.store.list("instance")
    instance["_password"]["since"] -= KEPT_SECONDS
    bench.cloud.store.put("instance", instance)
    assert "Password" in refused(lambda: bench.client.reveal_instance_password(id=id_), 404)
    bench.done(bench.client.reset_instance_password(id=id_))
    assert bench.client.reveal_instance_password(id=id_)["password"] != first


def test_an_instance_whose_template_has_no_passwords_has_none(bench: Pools) -> None:
    (node, *_) = bench.client.list_templates(family="sks")["templates"]
    id_ = bench.machine(template={"id": node["id"]}, instance_type=MEDIUM)
    assert node["password-enabled"] is False
    refused(lambda: bench.client.reveal_instance_password(id=id_), 404)
    refused(lambda: bench.client.reset_instance_password(id=id_), 409)


def test_a_member_of_a_pool_has_a_password_too(bench: Pools) -> None:
    assert bench.client.reveal_instance_password(id=bench.member(template=TEMPLATE)["id"])["password"]
