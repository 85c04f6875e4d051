"""The catalogue agrees with the OpenAPI document that the official client ships."""

import json
from importlib import resources
from typing import Any

import pytest

from components import catalogue
from components.teardown.cloud import prices


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
