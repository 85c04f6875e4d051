"""What the simulated cloud offers, through the official client."""

from collections.abc import Callable
from typing import Any

import pytest
import requests
from exoscale.api.exceptions import ExoscaleAPIClientException

from sandbox.api.server import ApiServer
from sandbox.client import SandboxClient
from sandbox.cloud import Cloud

UNKNOWN = "2f9ec3b2-0a1e-4b0c-9d9a-0d9d2c1b7e11"


def test_every_zone_is_listed_once_with_an_endpoint_that_works(client: SandboxClient) -> None:
    zones = client.list_zones()["zones"]
    assert {zone["name"] for zone in zones} == {
        *("ch-gva-2", "ch-dk-2", "at-vie-1", "at-vie-2", "de-fra-1", "de-muc-1", "bg-sof-1", "hr-zag-1")
    }
    for zone in zones:
        assert zone["api-endpoint"].endswith(f"/zone/{zone['name']}/v2")
        assert requests.get(f"{zone['api-endpoint']}/zone", timeout=10).json()["zones"] == zones


def test_who_comes_by_a_real_name_gets_real_names(api: ApiServer) -> None:
    headers = {"Host": "api-ch-gva-2.exoscale.com"}
    zones = requests.get(f"{api.url}/v2/zone", headers=headers, timeout=10).json()["zones"]
    assert {zone["api-endpoint"] for zone in zones} == {f"https://api-{zone['name']}.exoscale.com/v2" for zone in zones}


def test_the_standard_family_is_complete(client: SandboxClient) -> None:
    types = client.list_instance_types()["instance-types"]
    standard = {kind["size"]: (kind["cpus"], kind["memory"]) for kind in types if kind["family"] == "standard"}
    assert list(standard) == [
        *("micro", "tiny", "small", "medium", "large", "extra-large", "huge", "mega", "titan", "jumbo", "colossus")
    ]
    assert standard["small"] == (2, 2 * 1024**3)
    assert all(kind["zones"] and kind["authorized"] for kind in types)


def test_an_instance_type_is_read_by_its_id(client: SandboxClient) -> None:
    for kind in client.list_instance_types()["instance-types"]:
        assert client.get_instance_type(id=kind["id"]) == kind
    with pytest.raises(ExoscaleAPIClientException, match=r"404.*Instance type"):
        client.get_instance_type(id=UNKNOWN)


def test_ids_are_the_same_in_every_sandbox_and_the_real_ones_where_those_are_public(client: SandboxClient) -> None:
    ids = {f"{kind['family']}.{kind['size']}": kind["id"] for kind in client.list_instance_types()["instance-types"]}
    assert ids["standard.tiny"] == "b6cd1ff5-3a2f-4e9d-a4d1-8988c1191fe8"
    assert ids["standard.small"] == "21624abb-764e-4def-81d7-9fc54b5957fb"
    assert ids["standard.medium"] == "b6e9d1e8-89fc-4db3-aaa4-9b4c5b1d0844"
    assert ids["standard.large"] == "28f30004-9586-5159-9ee2-dca6e88b34af"
    assert len(set(ids.values())) == len(ids)


def test_versions_are_newest_first_and_start_with_the_one_that_the_sandbox_runs(client: SandboxClient) -> None:
    versions = client.list_sks_cluster_versions()["sks-cluster-versions"]
    assert versions[0] == "1.35.0"
    assert versions == sorted(versions, key=lambda version: [int(part) for part in version.split(".")], reverse=True)
    assert versions < client.list_sks_cluster_versions(include_deprecated="true")["sks-cluster-versions"]


@pytest.mark.parametrize("variant", ["standard", "nvidia"])
def test_every_version_has_a_template_for_its_nodes(client: SandboxClient, variant: str) -> None:
    for version in client.list_sks_cluster_versions(include_deprecated="true")["sks-cluster-versions"]:
        active = client.get_active_nodepool_template(kube_version=version, variant=variant)["active-template"]
        assert client.get_template(id=active)["name"] == f"sks-node-{version}-{variant}"


def test_an_unknown_version_has_no_template(client: SandboxClient) -> None:
    with pytest.raises(ExoscaleAPIClientException, match=r"404.*1.2.3"):
        client.get_active_nodepool_template(kube_version="1.2.3", variant="standard")


def test_what_the_acceptance_tests_of_the_provider_boot_is_there(client: SandboxClient) -> None:
    names = {template["name"] for template in client.list_templates(visibility="public")["templates"]}
    assert names >= {"Linux Ubuntu 20.04 LTS 64-bit", "Linux Debian 12 (Bookworm) 64-bit"}


def test_templates_are_public_and_can_be_filtered(client: SandboxClient) -> None:
    every = client.list_templates()["templates"]
    assert client.list_templates(visibility="public")["templates"] == every
    assert client.list_templates(visibility="private")["templates"] == []
    nodes = client.list_templates(family="sks")["templates"]
    assert 0 < len(nodes) < len(every)
    with pytest.raises(ExoscaleAPIClientException, match=r"404.*Template"):
        client.get_template(id=UNKNOWN)


def test_quotas_count_what_the_cloud_holds(client: SandboxClient, cloud: Cloud) -> None:
    before = {quota["resource"]: quota for quota in client.list_quotas()["quotas"]}
    assert before["instance"]["usage"] == 0
    cloud.store.put("instance", {"id": UNKNOWN})
    assert client.get_quota(entity="instance") == {**before["instance"], "usage": 1}
    with pytest.raises(ExoscaleAPIClientException, match=r"404.*Quota ships not found"):
        client.get_quota(entity="ships")


def test_an_operation_is_read_by_its_id(client: SandboxClient, settle: Callable[[dict[str, Any]], str]) -> None:
    started = client.create_anti_affinity_group(name="apart")
    settle(started)
    assert client.get_operation(id=started["id"]) == {**started, "state": "success"}
    with pytest.raises(ExoscaleAPIClientException, match=r"404.*Operation"):
        client.get_operation(id=UNKNOWN)
