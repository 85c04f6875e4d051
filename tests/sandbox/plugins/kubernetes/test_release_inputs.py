"""Check and Diff of Releases, which need no cluster."""

import base64
import hashlib
import http.server
import re
import shutil
import subprocess
import tarfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from sandbox.plugins.kubernetes.helm_release import resource_names
from sandbox.plugins.properties import UNKNOWN, Secret
from tests.sandbox.plugins.kubernetes.plugin import RELEASE, Plugin, Refused

pytestmark = pytest.mark.engine  # needs helm

ADVICE = "; check the chart name and repository configuration."
ASSET = {"4dabf18193072939515e22adb298388d": "c44067f5952c0a294b673a41bacd8c17", "hash": ""}


@pytest.fixture
def offline(plugin: Plugin, nowhere: str) -> Plugin:
    return plugin.configure(kubeconfig=nowhere)


def test_a_release_gets_name_namespace_timeout_and_exact_version(offline: Plugin, chart: Callable[..., Path]) -> None:
    chart("tiny", "1.2.3")
    inputs = offline.check(RELEASE, {"chart": "./tiny", "compat": "true"})
    assert re.fullmatch(r"thing-[0-9a-f]{8}", inputs["name"])
    assert (inputs["namespace"], inputs["timeout"], inputs["version"]) == ("default", 300, "1.2.3")
    assert "compat" not in inputs


def test_a_releases_name_ignores_the_seed_but_is_kept(offline: Plugin, chart: Callable[..., Path]) -> None:
    chart("tiny")
    first = offline.check(RELEASE, {"chart": "./tiny"})
    assert offline.check(RELEASE, {"chart": "./tiny"})["name"] != first["name"]
    assert offline.check(RELEASE, {"chart": "./tiny"}, first)["name"] == first["name"]


def test_a_release_that_is_not_awaited_has_no_default_timeout(offline: Plugin, chart: Callable[..., Path]) -> None:
    chart("tiny")
    assert offline.check(RELEASE, {"chart": "./tiny", "skipAwait": True})["timeout"] == 0


def test_a_local_charts_own_version_wins_over_the_one_asked_for(offline: Plugin, chart: Callable[..., Path]) -> None:
    chart("tiny", "1.2.3")
    assert offline.check(RELEASE, {"chart": "./tiny", "version": "9.9.9"})["version"] == "1.2.3"


def test_an_archive_is_a_chart_too(offline: Plugin, chart: Callable[..., Path], tmp_path: Path) -> None:
    _pack(chart("tiny", "2.0.0"), tmp_path / "tiny.tgz")
    assert offline.check(RELEASE, {"chart": "tiny.tgz"})["version"] == "2.0.0"


@pytest.mark.parametrize(
    ("inputs", "reason"),
    [
        ({"chart": "./missing"}, 'path "./missing" not found'),
        (
            {"chart": "x", "repositoryOpts": {"repo": "http://127.0.0.1:1/charts"}},
            'looks like "http://127.0.0.1:1/charts" is not a valid chart repository or cannot be reached: '
            'Get "http://127.0.0.1:1/charts/index.yaml": dial tcp 127.0.0.1:1: connect: connection refused',
        ),
        ({"chart": "some/chart"}, "repo some not found"),
    ],
)
def test_a_chart_that_cannot_be_had_is_refused_with_helms_words(
    offline: Plugin, inputs: dict[str, Any], reason: str
) -> None:
    with pytest.raises(Refused) as refused:
        offline.check(RELEASE, inputs)
    assert str(refused.value) == f"chart: {reason}{ADVICE}"


def test_a_missing_dependency_is_refused(offline: Plugin, chart: Callable[..., Path]) -> None:
    chart("tiny", dependencies=[{"name": "lib", "version": "1.0.0", "repository": "http://127.0.0.1:1"}])
    with pytest.raises(Refused) as refused:
        offline.check(RELEASE, {"chart": "./tiny"})
    assert str(refused.value) == f"chart: found in Chart.yaml, but missing in charts/ directory: lib{ADVICE}"


def test_a_dependency_that_is_there_is_not_missing(offline: Plugin, chart: Callable[..., Path], tmp_path: Path) -> None:
    outer = chart("tiny", dependencies=[{"name": "lib", "version": "1.0.0", "repository": ""}])
    chart("lib", "1.0.0", folder=outer / "charts")
    assert offline.check(RELEASE, {"chart": "./tiny"})["version"] == "1.2.3"
    _pack(outer, tmp_path / "packed.tgz")
    assert offline.check(RELEASE, {"chart": "./packed.tgz"})["version"] == "1.2.3"


def test_a_chart_is_not_loaded_while_an_input_is_unknown(offline: Plugin) -> None:
    inputs = offline.check(RELEASE, {"chart": "./missing", "values": {"a": {"b": UNKNOWN, "c": 1}}})
    assert inputs["values"] == {"a": {"b": UNKNOWN, "c": 1}}
    assert inputs["version"] == ""


def test_value_files_are_merged_under_the_values_and_vanish(
    offline: Plugin, chart: Callable[..., Path], tmp_path: Path
) -> None:
    chart("tiny")
    (tmp_path / "more.yaml").write_text("a: {b: file, c: file}\nlist: [1, 2]\n")
    files = [{**ASSET, "text": "a: {b: text, d: text}"}, {**ASSET, "path": "more.yaml"}]
    inputs = offline.check(
        RELEASE, {"chart": "./tiny", "valueYamlFiles": files, "values": {"a": {"c": Secret("value")}, "list": [3]}}
    )
    assert inputs["values"] == {"a": {"b": "file", "c": Secret("value"), "d": "text"}, "list": [3]}
    assert "valueYamlFiles" not in inputs


def test_nulls_among_the_values_are_dropped(offline: Plugin, chart: Callable[..., Path]) -> None:
    chart("tiny")
    assert offline.check(RELEASE, {"chart": "./tiny", "values": {"a": None, "b": 1}})["values"] == {"b": 1}


def test_every_option_of_a_repository_stands_in_the_state_and_the_unset_ones_are_empty(
    offline: Plugin, chart: Callable[..., Path]
) -> None:
    chart("tiny")
    inputs = offline.check(RELEASE, {"chart": "./tiny", "repositoryOpts": {"repo": ""}})
    unset = dict.fromkeys(("caFile", "certFile", "keyFile", "password", "repo", "username"), "")
    assert inputs["repositoryOpts"] == unset
    _, state = offline.create(RELEASE, inputs, preview=True)
    assert state["repositoryOpts"] == unset
    assert "repositoryOpts" not in offline.check(RELEASE, {"chart": "./tiny"})


def test_a_state_without_the_unset_options_of_a_repository_differs_in_nothing(
    offline: Plugin, chart: Callable[..., Path]
) -> None:
    chart("tiny")
    inputs = offline.check(RELEASE, {"chart": "./tiny", "repositoryOpts": {"repo": ""}})
    earlier = {**inputs, "repositoryOpts": {"repo": ""}}
    state = {**earlier, "__inputs": Secret(earlier), "status": {"status": "deployed"}, "resourceNames": {}}
    assert not offline.diff(RELEASE, state, inputs).detailedDiff
    moved = {**inputs, "repositoryOpts": {**inputs["repositoryOpts"], "repo": "https://charts.example"}}
    assert list(offline.diff(RELEASE, state, moved).detailedDiff) == ["repositoryOpts.repo"]


def test_the_names_of_a_releases_objects_are_keyed_by_kind_group_and_version() -> None:
    manifest = """
kind: Service
apiVersion: v1
metadata: {name: web, namespace: b}
---
kind: Service
apiVersion: v1
metadata: {name: web, namespace: a}
---
kind: Deployment
apiVersion: apps/v1
metadata: {name: web, namespace: a}
---
kind: IngressClass
apiVersion: networking.k8s.io/v1
metadata: {name: web}
---
# nothing
"""
    assert resource_names(manifest) == {
        "Service/v1": ["a/web", "b/web"],
        "Deployment.apps/apps/v1": ["a/web"],
        "IngressClass.networking.k8s.io/networking.k8s.io/v1": ["web"],
    }


def test_only_another_name_or_namespace_replaces_a_release(offline: Plugin, chart: Callable[..., Path]) -> None:
    chart("tiny")
    inputs = offline.check(RELEASE, {"chart": "./tiny", "name": "r", "values": {"a": {"b": 1}}})
    state = {**inputs, "__inputs": Secret(inputs), "status": {"status": "deployed"}, "resourceNames": {}}
    assert not offline.diff(RELEASE, state, inputs).detailedDiff
    assert list(offline.diff(RELEASE, state, {**inputs, "values": {}}).detailedDiff) == ["values.a"]
    assert not offline.diff(RELEASE, state, {**inputs, "values": {}, "timeout": 5}).replaces
    for key in ("name", "namespace"):
        answer = offline.diff(RELEASE, state, {**inputs, key: "other"})
        assert list(answer.replaces) == [key]
        assert not answer.deleteBeforeReplace


def test_what_helm_added_live_is_no_difference_but_what_it_changed_is(
    offline: Plugin, chart: Callable[..., Path]
) -> None:
    chart("tiny")
    inputs = offline.check(RELEASE, {"chart": "./tiny", "name": "r", "values": {"a": 1}})
    state = {**inputs, "__inputs": Secret(inputs), "values": {"a": 2, "b": 3}, "version": "9.9.9"}
    assert set(offline.diff(RELEASE, state, inputs).detailedDiff) == {"values.a", "version"}
    assert set(offline.diff(RELEASE, state, inputs, ignore=("version",)).detailedDiff) == {"values.a"}


@pytest.fixture
def repository(tmp_path: Path, chart: Callable[..., Path]) -> Iterator[str]:
    """A chart repository that wants user `me` and password `open sesame`, with tiny 1.0.0 and 1.1.0."""
    folder = tmp_path / "repository"
    folder.mkdir()
    entries = []
    for version in ("1.0.0", "1.1.0"):
        archive = folder / f"tiny-{version}.tgz"
        _pack(chart("tiny", version), archive)
        digest = hashlib.sha256(archive.read_bytes()).hexdigest()
        entries.append(
            {"apiVersion": "v2", "name": "tiny", "version": version, "urls": [archive.name], "digest": digest}
        )
    shutil.rmtree(tmp_path / "tiny")
    (folder / "index.yaml").write_text(yaml.safe_dump({"apiVersion": "v1", "entries": {"tiny": entries}}))
    wanted = "Basic " + base64.b64encode(b"me:open sesame").decode()

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, directory=str(folder), **options)

        def do_GET(self) -> None:
            if self.headers.get("Authorization") == wanted:
                super().do_GET()
            else:
                self.send_error(401)

        def log_message(self, *arguments: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_repository_with_a_password_resolves_ranges_and_never_shows_it_on_a_command_line(
    offline: Plugin, repository: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands: list[list[str]] = []
    start = subprocess.Popen.__init__

    def note(self: Any, command: list[str], *arguments: Any, **options: Any) -> None:
        commands.append([str(part) for part in command])
        start(self, command, *arguments, **options)

    monkeypatch.setattr(subprocess.Popen, "__init__", note)
    options = {"repo": repository, "username": "me", "password": Secret("open sesame")}
    inputs = offline.check(RELEASE, {"chart": "tiny", "version": "~1.0", "repositoryOpts": options})
    assert inputs["version"] == "1.0.0"
    assert inputs["repositoryOpts"]["password"] == Secret("open sesame")
    assert offline.check(RELEASE, {"chart": "tiny", "repositoryOpts": options})["version"] == "1.1.0"
    assert any("pull" in command for command in commands)
    assert not any("open sesame" in part for command in commands for part in command)


def test_a_version_that_the_repository_lacks_is_refused(offline: Plugin, repository: str) -> None:
    options = {"repo": repository, "username": "me", "password": "open sesame"}
    with pytest.raises(Refused) as refused:
        offline.check(RELEASE, {"chart": "tiny", "version": "9", "repositoryOpts": options})
    assert str(refused.value) == f'chart: chart "tiny" version "9" not found in {repository} repository{ADVICE}'


def test_a_repository_refuses_a_wrong_password(offline: Plugin, repository: str) -> None:
    options = {"repo": repository, "username": "me", "password": "guess"}
    with pytest.raises(
        Refused, match=f'looks like "{repository}" is not a valid chart repository or cannot be reached'
    ):
        offline.check(RELEASE, {"chart": "tiny", "repositoryOpts": options})


def test_helm_leaves_nothing_behind(
    offline: Plugin, chart: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    chart("tiny")
    offline.check(RELEASE, {"chart": "./tiny"})
    assert list(scratch.iterdir()) == []


def _pack(chart: Path, archive: Path) -> None:
    with tarfile.open(archive, "w:gz") as packed:
        packed.add(chart, arcname=chart.name)
