"""The provider's own settings: when it is replaced, and what strict mode refuses."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from pulumi.runtime.proto import provider_pb2

from sandbox.plugins.properties import UNKNOWN, Secret, encode
from tests.sandbox.plugins.kubernetes.conftest import kubeconfig
from tests.sandbox.plugins.kubernetes.plugin import Failed, Plugin

HERE = kubeconfig("https://here:443", token="old")
RENEWED = kubeconfig("https://here:443", token="new")
ELSEWHERE = kubeconfig("https://elsewhere:443", token="old")


@pytest.mark.parametrize(
    ("olds", "news", "replaces"),
    [
        ({"kubeconfig": HERE}, {"kubeconfig": HERE}, []),
        ({"kubeconfig": HERE}, {"kubeconfig": RENEWED}, []),
        ({"kubeconfig": HERE}, {"kubeconfig": Secret(RENEWED)}, []),
        ({"kubeconfig": HERE}, {"kubeconfig": ELSEWHERE}, ["kubeconfig"]),
        ({"kubeconfig": HERE}, {"kubeconfig": UNKNOWN}, ["kubeconfig"]),
        ({"kubeconfig": HERE}, {"kubeconfig": yaml.safe_load(RENEWED)}, []),
        ({"kubeconfig": HERE}, {"kubeconfig": yaml.safe_load(ELSEWHERE)}, ["kubeconfig"]),
        ({"kubeconfig": HERE}, {"kubeconfig": HERE, "context": "other"}, ["context"]),
        ({"kubeconfig": HERE}, {"kubeconfig": HERE, "namespace": "x"}, []),
        ({"kubeconfig": HERE}, {"kubeconfig": HERE, "renderYamlToDirectory": "x"}, ["renderYamlToDirectory"]),
    ],
)
def test_only_another_active_cluster_replaces_the_provider(
    plugin: Plugin, olds: dict[str, Any], news: dict[str, Any], replaces: list[str]
) -> None:
    assert plugin.replaces(olds, news) == replaces


@pytest.mark.parametrize("news", [ELSEWHERE, UNKNOWN, RENEWED])
def test_an_unchanged_cluster_identifier_keeps_the_provider_whatever_its_kubeconfig(plugin: Plugin, news: Any) -> None:
    olds = {"kubeconfig": HERE, "clusterIdentifier": "c1"}
    assert plugin.replaces(olds, {"kubeconfig": news, "clusterIdentifier": "c1"}) == []


def test_another_cluster_identifier_replaces_the_provider(plugin: Plugin) -> None:
    olds = {"kubeconfig": HERE, "clusterIdentifier": "c1"}
    assert plugin.replaces(olds, {**olds, "clusterIdentifier": "c2"}) == ["clusterIdentifier"]


@pytest.mark.parametrize(("news", "replaces"), [(RENEWED, []), (ELSEWHERE, ["kubeconfig"])])
def test_adding_a_cluster_identifier_leaves_it_to_the_kubeconfig(
    plugin: Plugin, news: str, replaces: list[str]
) -> None:
    assert plugin.replaces({"kubeconfig": HERE}, {"kubeconfig": news, "clusterIdentifier": "c1"}) == replaces


def test_a_kubeconfig_may_be_the_path_of_a_file(plugin: Plugin, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(ELSEWHERE)
    assert plugin.replaces({"kubeconfig": HERE}, {"kubeconfig": "config.yaml"}) == ["kubeconfig"]
    assert plugin.replaces({"kubeconfig": ELSEWHERE}, {"kubeconfig": "~/config.yaml"}) == []


def test_strict_mode_wants_an_explicit_provider_with_kubeconfig_and_context(plugin: Plugin) -> None:
    request = provider_pb2.CheckRequest(
        urn="urn:pulumi:s::p::pulumi:providers:kubernetes::default_4_32_0", news=encode({"strictMode": "true"})
    )
    assert [failure.reason for failure in plugin.stub.CheckConfig(request).failures] == [
        "strict mode prohibits default provider",
        'strict mode requires Provider "kubeconfig" argument',
        'strict mode requires Provider "context" argument',
    ]


def test_settings_that_are_no_json_fail_configure(plugin: Plugin) -> None:
    with pytest.raises(Failed, match="failed to unmarshal helmReleaseSettings option"):
        plugin.configure(helmReleaseSettings="{")
