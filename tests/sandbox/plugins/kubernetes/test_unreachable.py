"""What becomes of each call while the cluster cannot be reached (docs/plugins.md, Unreachable clusters)."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.plugins.kubernetes.conftest import kubeconfig
from tests.sandbox.plugins.kubernetes.plugin import RELEASE, Failed, Plugin

NAMESPACE = "kubernetes:core/v1:Namespace"
CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
ADVICE = (
    "If the cluster was deleted, you can remove this resource from Pulumi state by rerunning the operation with the "
    'PULUMI_K8S_DELETE_UNREACHABLE environment variable set to "true"'
)
STATE = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "b"}}
RELEASE_STATE = {"name": "r", "namespace": "n", "chart": "c", "__inputs": {"name": "r", "namespace": "n"}}


@pytest.fixture
def dead(plugin: Plugin, nowhere: str) -> Plugin:
    return plugin.configure(kubeconfig=nowhere)


@pytest.fixture
def forgetful(tmp_path: Path, nowhere: str) -> Iterator[Plugin]:
    with Plugin(tmp_path, {"HOME": str(tmp_path), "PULUMI_K8S_DELETE_UNREACHABLE": "true"}) as running:
        yield running.configure(kubeconfig=nowhere)


def test_the_reason_is_that_of_gos_client(dead: Plugin) -> None:
    inputs = dead.check(CONFIG_MAP, {})
    with pytest.raises(Failed) as failed:
        dead.create_checked(CONFIG_MAP, inputs)
    assert re.fullmatch(
        r"configured Kubernetes cluster is unreachable: unable to load schema information from the API server: "
        r'Get "https://127.0.0.1:\d+/openapi/v2\?timeout=32s": dial tcp 127.0.0.1:\d+: connect: connection refused',
        str(failed.value),
    )


def test_configure_does_not_fail_on_a_kubeconfig_that_does_not_parse(plugin: Plugin) -> None:
    plugin.configure(kubeconfig="neither a file nor a kubeconfig")
    with pytest.raises(Failed, match="failed to parse kubeconfig data in `kubernetes:config:kubeconfig`- "):
        plugin.create(CONFIG_MAP, {})


def test_configure_does_not_fail_without_any_kubeconfig(plugin: Plugin) -> None:
    plugin.configure()
    with pytest.raises(Failed, match="unable to load Kubernetes client configuration from kubeconfig file"):
        plugin.create(CONFIG_MAP, {})


def test_check_passes_and_knows_which_kinds_have_no_namespace(dead: Plugin) -> None:
    assert dead.check(CONFIG_MAP, {"metadata": {"name": "a"}})["metadata"]["namespace"] == "default"
    assert "namespace" not in dead.check(NAMESPACE, {"metadata": {"name": "a"}})["metadata"]


@pytest.mark.engine
def test_a_release_still_loads_its_chart(dead: Plugin, chart: Callable[..., Path]) -> None:
    chart("tiny", "1.2.3")
    assert dead.check(RELEASE, {"chart": "./tiny"})["version"] == "1.2.3"


def test_previews_succeed_silently(dead: Plugin) -> None:
    inputs = dead.check(CONFIG_MAP, {"metadata": {"name": "a"}, "data": {"k": "v"}})
    assert dead.create_checked(CONFIG_MAP, inputs, preview=True) == ("", inputs)
    state = {**inputs, "__inputs": inputs}
    assert dead.update(CONFIG_MAP, "default/a", state, {**inputs, "data": {"k": "w"}}, preview=True)["data"] == {
        "k": "w"
    }
    assert list(dead.diff(CONFIG_MAP, state, {**inputs, "data": {"k": "w"}}).replaces) == ["data.k"]


@pytest.mark.engine
def test_create_and_update_of_a_release_have_their_own_words(dead: Plugin, chart: Callable[..., Path]) -> None:
    chart("tiny")
    with pytest.raises(Failed, match=r"^can't create Helm Release with unreachable cluster: unable to load schema"):
        dead.create(RELEASE, {"chart": "./tiny"})
    with pytest.raises(Failed, match=r"^can't update Helm Release with unreachable cluster: unable to load schema"):
        dead.update(RELEASE, "n/r", {"namespace": "n", "__inputs": {"name": "r"}}, {"chart": "./tiny"})


@pytest.mark.parametrize(("type", "id", "state"), [(CONFIG_MAP, "b/a", STATE), (RELEASE, "n/r", RELEASE_STATE)])
def test_read_warns_of_the_reason_and_fails_with_advice(
    dead: Plugin, type: str, id: str, state: dict[str, Any]
) -> None:
    with pytest.raises(Failed) as failed:
        dead.read(type, id, {"__inputs": {}, **state})
    assert str(failed.value) == f"failed to read resource state due to unreachable cluster. {ADVICE}"
    assert any(line.startswith("configured Kubernetes cluster is unreachable: unable to load") for line in dead.logged)


@pytest.mark.parametrize(("type", "id", "state"), [(CONFIG_MAP, "b/a", STATE), (RELEASE, "n/r", RELEASE_STATE)])
def test_read_answers_gone_with_delete_unreachable(
    forgetful: Plugin, type: str, id: str, state: dict[str, Any]
) -> None:
    assert forgetful.read(type, id, {"__inputs": {}, **state})[0] == ""


def test_read_echoes_the_state_with_skip_update_unreachable(plugin: Plugin, nowhere: str) -> None:
    plugin.configure(kubeconfig=nowhere, skipUpdateUnreachable="true")
    id, state, _ = plugin.read(CONFIG_MAP, "b/a", {"__inputs": {}, **STATE})
    assert (id, state["metadata"]) == ("b/a", STATE["metadata"])


def test_check_answers_the_old_inputs_with_skip_update_unreachable(plugin: Plugin, nowhere: str) -> None:
    plugin.configure(kubeconfig=nowhere, skipUpdateUnreachable="true")
    assert plugin.check(CONFIG_MAP, {"data": {"k": "new"}}, {"data": {"k": "old"}}) == {"data": {"k": "old"}}
    assert plugin.logged == ["Cluster is unreachable but skipUpdateUnreachable flag is set to true, skipping..."]


def test_delete_of_a_plain_object_fails_with_advice(dead: Plugin) -> None:
    with pytest.raises(Failed) as failed:
        dead.delete(CONFIG_MAP, "b/a", STATE)
    assert str(failed.value) == f"configured Kubernetes cluster is unreachable. {ADVICE}"


def test_delete_of_a_plain_object_forgets_it_with_delete_unreachable(forgetful: Plugin) -> None:
    forgetful.delete(CONFIG_MAP, "b/a", STATE)


def test_a_release_is_never_deleted_not_even_with_delete_unreachable(dead: Plugin, forgetful: Plugin) -> None:
    for plugin in (dead, forgetful):
        with pytest.raises(Failed, match=r'^can\'t delete Helm Release with unreachable cluster. Reason: "unable to'):
            plugin.delete(RELEASE, "n/r", RELEASE_STATE)


def test_the_provider_setting_wins_over_the_environment(forgetful: Plugin, nowhere: str) -> None:
    forgetful.configure(kubeconfig=nowhere, deleteUnreachable="false")
    with pytest.raises(Failed, match="rerunning the operation"):
        forgetful.delete(CONFIG_MAP, "b/a", STATE)


def test_a_proxy_that_is_down_is_named_as_go_does(plugin: Plugin, nowhere: str) -> None:
    port = re.search(r"127.0.0.1:(\d+)", nowhere)
    assert port
    through = kubeconfig("https://cluster.example:443").replace(
        "insecure-skip-tls-verify: true", f"proxy-url: http://{port[0]}"
    )
    plugin.configure(kubeconfig=through)
    with pytest.raises(Failed, match=f"proxyconnect tcp: dial tcp {port[0]}: connect: connection refused"):
        plugin.create(CONFIG_MAP, {})
