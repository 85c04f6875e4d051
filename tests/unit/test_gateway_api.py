"""The Gateway API: its definitions come first, go last, and hold no destroy up."""

from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml

from components.ingress.gateway_api import STANDARD, documents
from runner.charts import GATEWAY_API
from tests.unit.conftest import Run, World, problems

KINDS = {"GatewayClass", "Gateway", "HTTPRoute", "GRPCRoute", "ReferenceGrant"}
INGRESS = {"controller": "traefik", "gateway-api": True, "gateway-api-crds": str(GATEWAY_API)}


@pytest.fixture
def world(run: Run) -> World:
    return run({"ingress": INGRESS})


def test_traefik_serves_gateways_through_its_one_service(world: World) -> None:
    values = world.one("Release").inputs["values"]

    assert values["providers"]["kubernetesGateway"] == {"enabled": True}
    assert values["gateway"]["name"] == "ingress"
    assert values["gateway"]["listeners"]["web"]["namespacePolicy"] == {"from": "All"}
    assert values["gatewayClass"] == {"name": "nginx"}


@pytest.mark.parametrize("ingress", [{}, {"controller": "traefik"}])
def test_nothing_of_it_is_there_unless_a_setting_asks_for_it(run: Run, ingress: dict[str, Any]) -> None:
    world = run({"ingress": ingress})

    assert world.of("CustomResourceDefinition") == []
    assert "gateway" not in world.one("Release").inputs["values"]


def test_the_definitions_are_served_before_the_controller_is_installed(world: World) -> None:
    definitions = world.of("CustomResourceDefinition")

    assert {item.inputs["spec"]["names"]["kind"] for item in definitions} == KINDS
    assert {item.urn for item in definitions} <= world.leans_on(world.one("Release").urn)
    for item in definitions:
        assert item.inputs["metadata"]["annotations"]["pulumi.com/waitFor"] == "condition=Established"


def test_a_destroy_of_the_stack_deletes_none_of_them_as_they_go_with_their_cluster(world: World) -> None:
    second_drain = world.one("exoscale-sks:index:SecondDrain").urn

    assert {item.request.deletedWith for item in world.of("CustomResourceDefinition")} == {second_drain}


def test_they_are_replaced_with_their_cluster(world: World) -> None:
    cluster = world.one("SksCluster").urn

    for item in world.of("CustomResourceDefinition"):
        assert cluster in item.request.propertyDependencies["metadata"].urns
        assert list(item.request.replaceOnChanges) == ["metadata"]


@pytest.mark.parametrize("controller", ["nginx", "ingress-nginx", "none"])
def test_other_controllers_refuse_it_in_one_line(controller: str) -> None:
    assert problems({"ingress": {"controller": controller, "gateway-api": True}}) == [
        "exoscale-sks:ingress.gateway-api is true; allowed: false, unless the controller is traefik"
    ]


@pytest.mark.parametrize(
    ("key", "value", "allowed"),
    [("gateway-api", "yes", "true, false"), ("gateway-api-crds", "", "a text that is not empty")],
)
def test_a_value_that_cannot_work_is_one_line(key: str, value: str, allowed: str) -> None:
    ingress = {"controller": "traefik", key: value}

    assert problems({"ingress": ingress}) == [f'exoscale-sks:ingress.{key} is "{value}"; allowed: {allowed}']


@pytest.mark.parametrize("source", ["/nowhere/crds.yaml", "http://127.0.0.1:1/crds.yaml"])
def test_definitions_that_cannot_be_read_are_named_in_one_line(source: str) -> None:
    with pytest.raises(pulumi.RunError, match=f"^the Gateway API's definitions cannot be read from {source}: .+"):
        documents(source)


@pytest.mark.parametrize("text", ["", "just: yaml", yaml.safe_dump({"kind": "ConfigMap", "metadata": {"name": "x"}})])
def test_a_file_without_definitions_is_refused(text: str, tmp_path: Path) -> None:
    file = tmp_path / "file.yaml"
    file.write_text(text)

    with pytest.raises(pulumi.RunError, match=f"^{file} holds no CustomResourceDefinition; allowed: "):
        documents(str(file))


def test_the_default_is_a_pinned_release() -> None:
    assert "/download/v" in STANDARD
