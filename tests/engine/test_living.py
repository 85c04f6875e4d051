"""What is refused or announced before an edit of a living stack is done, in a preview and in an `up` alike.

One stack, each test after the one before.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pulumi import automation

from components.teardown.going_pools import TARGET
from runner.stack import SandboxStack
from sandbox.sandbox import Sandbox
from tests.engine.conftest import Kubectl
from tests.engine.faults.account import Account
from tests.engine.faults.users import PREFIX, TRIES, Users

pytestmark = [pytest.mark.engine, pytest.mark.slow]

POOL = {"size": 1, "instance-type": "standard.small", "disk-size-gb": 20}
NAME = "exoscale-sks-sandbox-"


@pytest.fixture(scope="module")
def stack(make_stack: Callable[..., SandboxStack], charts: Callable[[str], Path]) -> Iterator[SandboxStack]:
    ingress = {"chart": str(charts("nginx-ingress"))}
    made = make_stack(config={"exoscale-sks:ingress": ingress, "exoscale-sks:nodepools": {"default": POOL}})
    yield made
    made.destroy()


@pytest.fixture(scope="module")
def users(stack: SandboxStack, tmp_path_factory: pytest.TempPathFactory) -> Users:
    """Whoever works in the cluster of the first `up`, with a Service `shop/front`."""
    kubeconfig = stack.up().outputs["kubeconfig"].value
    made = Users(Kubectl(kubeconfig, tmp_path_factory.mktemp("users")))
    made.namespace("shop")
    made.expose("front", "shop")
    return made


def configure(stack: SandboxStack, **settings: Any) -> None:
    """Changes settings; the ingress keeps what it is not told anew."""
    if "ingress" in settings:
        settings["ingress"] = {**stack.config["exoscale-sks:ingress"], **settings["ingress"]}
    stack.config |= {f"exoscale-sks:{key}": value for key, value in settings.items()}


def said(printed: str, words: str) -> list[str]:
    lines = printed.partition("Diagnostics:")[2].splitlines()
    return [line.strip() for line in lines if words in line]


def refused(stack: SandboxStack, words: str) -> str:
    """The line with these words that preview and `up` are both refused with."""
    lines = []
    for run in (stack.preview, stack.up):
        with pytest.raises(automation.CommandError) as failed:
            run()
        lines.append(said(str(failed.value), words))
    assert lines[0] == lines[1]
    [line] = lines[0]
    return line


def announced(stack: SandboxStack, words: str) -> tuple[str, automation.UpResult]:
    """The line with these words that preview and `up` both warn with; and what the `up` ended with."""
    preview, up = stack.preview(), stack.up()
    lines = [said(run.stdout, words) for run in (preview, up)]
    assert lines[0] == lines[1]
    [line] = lines[0]
    assert line.startswith("warning: ")
    return line, up


def recorded(stack: SandboxStack) -> dict[str, dict[str, Any]]:
    """What its state says of each resource, but for where in the program it comes from."""
    found: list[dict[str, Any]] = stack.export()["deployment"]["resources"]
    left_out = ("modified", "sourcePosition", "stackTrace")
    return {one["urn"]: {key: value for key, value in one.items() if key not in left_out} for one in found}


def balancers(sandbox: Sandbox) -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in sandbox.cloud.store.list("load-balancer")}


@pytest.mark.usefixtures("users")
def test_one_edit_that_protects_the_stack_and_replaces_its_cluster_is_refused_and_changes_nothing(
    stack: SandboxStack,
) -> None:
    before = recorded(stack)
    configure(stack, protect=True, level="pro")

    line = refused(stack, "is protected")

    assert "level starter → pro would replace its cluster" in line
    assert recorded(stack) == before
    configure(stack, protect=False, level="starter")
    assert stack.up().summary.resource_changes.keys() == {"same"}


def test_a_renamed_pool_that_a_service_sends_traffic_to_is_refused_with_the_way_which_then_works(
    stack: SandboxStack, users: Users, sandbox: Sandbox
) -> None:
    configure(stack, nodepools={"other": POOL})
    line = refused(stack, "nodepool default is to go")
    assert f"gets traffic from Service shop/front (NLB {users.load_balancer_id('front', 'shop')}): " in line
    assert TARGET in line
    assert [pool["name"] for pool in sandbox.cloud.store.list("sks-nodepool")] == [f"{NAME}default"]

    configure(stack, nodepools={"default": POOL, "other": POOL})
    other = stack.up().outputs["nodepools"].value["other"]["instance-pool-id"]
    users.kubectl("annotate", "service", "front", "-n", "shop", "--overwrite", f"{TARGET}={other}")
    await_target(users, sandbox, other)
    configure(stack, nodepools={"other": POOL})
    stack.up()

    assert [pool["name"] for pool in sandbox.cloud.store.list("sks-nodepool")] == [f"{NAME}other"]
    assert {one["instance-pool"]["id"] for nlb in balancers(sandbox).values() for one in nlb["services"]} == {other}


def await_target(users: Users, sandbox: Sandbox, pool: str) -> None:
    """Returns when the NLB of `shop/front` sends its traffic to that pool."""
    id_ = users.load_balancer_id("front", "shop")
    for _ in range(TRIES):
        users.service("front", "shop")  # takes its time
        services = sandbox.cloud.store.get("load-balancer", id_)["services"]
        if services and {one["instance-pool"]["id"] for one in services} == {pool}:
            return
    raise AssertionError(f"NLB {id_} does not send its traffic to {pool}")


@pytest.mark.usefixtures("users")
def test_nodes_that_somebody_added_are_named_before_an_up_takes_them_away(
    stack: SandboxStack, sandbox: Sandbox
) -> None:
    client = Account(sandbox).client
    [pool] = sandbox.cloud.store.list("sks-nodepool")
    scaled = client.scale_sks_nodepool(id=pool["_cluster"], sks_nodepool_id=pool["id"], size=2)
    client.wait(scaled["id"])
    nodes = sorted(one["name"] for one in sandbox.cloud.store.list("instance"))

    line, up = announced(stack, "nodepool other has")

    assert f"has 2 nodes ({', '.join(nodes)}), and nodepools.other.size is 1: somebody else made it larger" in line
    changes = up.summary.resource_changes
    assert (changes.keys(), changes["update"]) == ({"same", "update"}, 1)  # the record of the machines
    assert said(stack.up(refresh=True).stdout, "nodepool other has 2 nodes")
    assert len(sandbox.cloud.store.list("instance")) == 1


def test_each_way_to_a_load_balancer_says_that_the_address_changes_and_leaves_none_behind(
    stack: SandboxStack, users: Users, sandbox: Sandbox
) -> None:
    address = balancers(sandbox)[f"{NAME}ingress"]["ip"]
    configure(stack, ingress={"load-balancer": "ccm"})
    line, up = announced(stack, "ingress.load-balancer managed → ccm")
    assert f"the ingress loses its address {address} for another" in line
    assert balancers(sandbox).keys() == {f"{NAME}ccm", front(users)}

    # What makes the cloud controller manager lose sight of it: the Service goes, and the NLB does not.
    [cluster] = sandbox.cloud.store.list("sks-cluster")
    [service] = [one for one in users.kubectl.json("get", "services", "-n", "ingress")["items"] if is_balanced(one)]
    sandbox.control_planes.kill(cluster["id"], "ccm")
    users.kubectl("annotate", "service", "-n", "ingress", service["metadata"]["name"], f"{PREFIX}id-")
    sandbox.control_planes.revive(cluster["id"], "ccm")
    configure(stack, ingress={"load-balancer": "managed"})
    line, _ = announced(stack, "ingress.load-balancer ccm → managed")
    assert f"the ingress loses its address {up.outputs['ingress_ip'].value} for another" in line
    assert balancers(sandbox).keys() == {f"{NAME}ingress", front(users)}


@pytest.mark.parametrize("load_balancer", ["ccm", "managed"])
def test_a_stack_that_gives_its_ingress_up_says_so_and_keeps_no_load_balancer_of_it(
    stack: SandboxStack, users: Users, sandbox: Sandbox, load_balancer: str
) -> None:
    configure(stack, ingress={"controller": "nginx", "load-balancer": load_balancer})
    address = stack.up().outputs["ingress_ip"].value
    configure(stack, ingress={"controller": "none"})

    line, _ = announced(stack, "ingress.controller is none")

    assert line.endswith(f"the ingress goes, and its address {address}")
    assert balancers(sandbox).keys() == {front(users)}


def front(users: Users) -> str:
    """The name of the NLB of `shop/front`."""
    return f"k8s-{users.service('front', 'shop')['metadata']['uid']}"


def is_balanced(service: dict[str, Any]) -> bool:
    return bool(service["spec"]["type"] == "LoadBalancer")


def test_a_replacement_of_the_cluster_is_announced_in_one_line_with_what_users_lose(
    stack: SandboxStack, users: Users, sandbox: Sandbox
) -> None:
    configure(stack, ingress={"controller": "nginx", "load-balancer": "managed"})
    address = stack.up().outputs["ingress_ip"].value
    users.store("db")
    configure(stack, level="pro")

    line, up = announced(stack, "the cluster is replaced")

    assert "(level starter → pro): the address of its API changes, and" in line
    assert "also 1 load balancer of users' Services and 1 volume" in line
    assert up.outputs["ingress_ip"].value == address
    assert balancers(sandbox).keys() == {f"{NAME}ingress"}
    assert sandbox.cloud.store.list("block-storage") == []
