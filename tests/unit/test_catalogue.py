"""The catalogue agrees with the OpenAPI document that the official client ships."""

import json
from importlib import resources
from typing import Any

import pytest

from components import catalogue
from components.teardown.cloud import prices
from sandbox.api.catalogue import instance_types
from tests.unit.conftest import PROJECT


@pytest.fixture(scope="module")
def schemas() -> dict[str, Any]:
    document = json.loads((resources.files("exoscale") / "openapi.json").read_text())
    found: dict[str, Any] = document["components"]["schemas"]
    return found


def test_the_zones_are_those_of_the_api(schemas: dict[str, Any]) -> None:
    assert sorted(catalogue.ZONES) == sorted(schemas["zone-name"]["enum"])


def test_the_instance_types_are_those_of_the_api(schemas: dict[str, Any]) -> None:
    properties = schemas["instance-type"]["properties"]

    assert sorted(catalogue.INSTANCE_FAMILIES) == sorted(properties["family"]["enum"])
    assert sorted(catalogue.INSTANCE_SIZES) == sorted(properties["size"]["enum"])


def test_levels_network_plugins_and_disks_are_those_of_the_api(schemas: dict[str, Any]) -> None:
    cluster, pool = schemas["sks-cluster"]["properties"], schemas["sks-nodepool"]["properties"]

    assert sorted(catalogue.LEVELS) == sorted(cluster["level"]["enum"])
    assert sorted(catalogue.CNIS) == sorted(cluster["cni"]["enum"])
    assert range(pool["disk-size"]["minimum"], pool["disk-size"]["maximum"] + 1) == catalogue.DISK_SIZE_GB
    assert pool["instance-prefix"]["maxLength"] == catalogue.INSTANCE_PREFIX_LENGTH


def test_every_priced_instance_type_exists() -> None:
    assert prices.INSTANCES.keys() <= catalogue.INSTANCE_TYPES


def test_every_instance_type_that_the_sandbox_offers_has_a_price() -> None:
    assert {f"{kind['family']}.{kind['size']}" for kind in instance_types()} <= prices.INSTANCES.keys()


def test_what_has_no_known_price_is_named_in_the_facts() -> None:
    priced = {tuple(name.split(".")) for name in prices.INSTANCES}
    (fact,) = [line for line in (PROJECT / "docs/exoscale.md").read_text().splitlines() if "No price is known" in line]
    unknown = {
        *(set(catalogue.LEVELS) - prices.LEVELS.keys()),
        *(set(catalogue.INSTANCE_FAMILIES) - {family for family, _ in priced}),
        *(set(catalogue.INSTANCE_SIZES) - {size for _, size in priced}),
    }

    assert {word for word in unknown if f"`{word}`" in fact.split("Karpenter's")[0]} == unknown
