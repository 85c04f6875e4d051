"""Credentials that an exec plugin mints when they are needed."""

import base64
import json
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.sandbox.plugins.kubernetes.conftest import RealCluster
from tests.sandbox.plugins.kubernetes.plugin import RELEASE, Failed, Plugin

CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
VERSION = "client.authentication.k8s.io/v1"


def _exec_kubeconfig(given: str, folder: Path, status: dict[str, Any], **more: Any) -> str:
    """The same cluster, with a plugin at the relative path `bin/mint` that answers `status`."""
    document = yaml.safe_load(given)
    (folder / "bin").mkdir()
    (folder / "answer.json").write_text(json.dumps({"apiVersion": VERSION, "kind": "ExecCredential", "status": status}))
    mint = folder / "bin" / "mint"
    # It works only in the program's folder, and only with the engine's environment and the kubeconfig's own.
    mint.write_text(
        '#!/bin/sh\ntest "$ZONE" = ch-gva-2 && test "$MODE" = exec && echo x >> minted && cat answer.json\n'
    )
    mint.chmod(mint.stat().st_mode | stat.S_IXUSR)
    mode = [{"name": "MODE", "value": "exec"}]
    plugin = {"apiVersion": VERSION, "command": "bin/mint", "env": mode, "interactiveMode": "Never", **more}
    document["users"][0]["user"] = {"exec": plugin}
    return yaml.safe_dump(document)


def _pair(given: str) -> dict[str, str]:
    user = yaml.safe_load(given)["users"][0]["user"]
    return {
        "clientCertificateData": base64.b64decode(user["client-certificate-data"]).decode(),
        "clientKeyData": base64.b64decode(user["client-key-data"]).decode(),
    }


def _inline(cluster: RealCluster) -> str:
    return cluster.kubectl("config", "view", "--raw", "--flatten", "--minify")


@pytest.mark.engine
def test_a_minted_certificate_serves_objects_and_releases(cluster: RealCluster, tmp_path: Path, chart: Any) -> None:
    chart("tiny")
    given = _inline(cluster)
    config = _exec_kubeconfig(given, tmp_path, _pair(given))
    with Plugin(tmp_path, {"HOME": str(tmp_path), "ZONE": "ch-gva-2"}) as plugin:
        plugin.configure(kubeconfig=config)
        id, state = plugin.create(CONFIG_MAP, {"metadata": {"name": "minted"}})
        plugin.delete(CONFIG_MAP, id, state)
        assert (tmp_path / "minted").read_text().count("x") == 1, "a credential without expiry is kept"
        id, state = plugin.create(RELEASE, {"chart": "./tiny"})
        plugin.delete(RELEASE, id, state)
        assert (tmp_path / "minted").read_text().count("x") == 1, "helm is part of the real plugin, and shares it"


@pytest.mark.engine
def test_a_release_that_outlives_a_credential_mints_its_own(cluster: RealCluster, tmp_path: Path, chart: Any) -> None:
    chart("tiny")
    given, soon = _inline(cluster), datetime.now(UTC) + timedelta(seconds=60)
    config = _exec_kubeconfig(given, tmp_path, {**_pair(given), "expirationTimestamp": soon.isoformat()})
    with Plugin(tmp_path, {"HOME": str(tmp_path), "ZONE": "ch-gva-2"}) as plugin:
        plugin.configure(kubeconfig=config)
        id, state = plugin.create(RELEASE, {"chart": "./tiny"})
        before = (tmp_path / "minted").read_text().count("x")
        plugin.delete(RELEASE, id, state)
        assert (tmp_path / "minted").read_text().count("x") > before


@pytest.mark.engine
def test_an_expired_credential_is_minted_anew(cluster: RealCluster, tmp_path: Path) -> None:
    given = _inline(cluster)
    config = _exec_kubeconfig(given, tmp_path, {**_pair(given), "expirationTimestamp": "2020-01-01T00:00:00Z"})
    with Plugin(tmp_path, {"HOME": str(tmp_path), "ZONE": "ch-gva-2"}) as plugin:
        plugin.configure(kubeconfig=config)
        before = (tmp_path / "minted").read_text().count("x")
        plugin.create(CONFIG_MAP, {"metadata": {"name": "expired"}}, preview=True)
        assert (tmp_path / "minted").read_text().count("x") > before


def test_a_failing_credential_plugin_makes_the_cluster_unreachable(
    plugin: Plugin, nowhere: str, tmp_path: Path
) -> None:
    config = _exec_kubeconfig(nowhere, tmp_path, {"token": "t"})  # the environment lacks ZONE
    plugin.configure(kubeconfig=config)
    with pytest.raises(Failed, match=r"getting credentials: exec: executable .*bin/mint failed with exit code 1$"):
        plugin.create(CONFIG_MAP, {})


def test_a_missing_credential_plugin_is_named_with_its_hint(plugin: Plugin, nowhere: str, tmp_path: Path) -> None:
    config = _exec_kubeconfig(nowhere, tmp_path, {}, command="no-such-program", installHint="get it")
    plugin.configure(kubeconfig=config)
    with pytest.raises(Failed, match=r"getting credentials: exec: executable no-such-program not found\n\nget it"):
        plugin.create(CONFIG_MAP, {})
