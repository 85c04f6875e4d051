"""One release through helm: the commands' options, and helm's record of the release."""

import json
import time
from datetime import datetime
from pathlib import Path
from threading import Event

import yaml

from sandbox.plugins.kubernetes.helm import Helm, HelmError
from sandbox.plugins.kubernetes.release_inputs import DEFAULT_SECONDS, merge
from sandbox.plugins.properties import Properties

_INSTALL_FLAGS = {
    "createNamespace": "--create-namespace",
    "disableOpenapiValidation": "--disable-openapi-validation",
    "disableWebhooks": "--no-hooks",
    "replace": "--replace",
    "skipCrds": "--skip-crds",
}
_UPGRADE_FLAGS = {
    "cleanupOnFail": "--cleanup-on-fail",
    "disableCRDHooks": "--no-hooks",
    "forceUpdate": "--force",
    "recreatePods": "--recreate-pods",
    "resetValues": "--reset-values",
    "reuseValues": "--reuse-values",
}
_COMMON_FLAGS = {"atomic": "--atomic", "renderSubchartNotes": "--render-subchart-notes"}
# Failures that helm's library reports together with a release although it stored none.
_UNSTORED = ("unable to build kubernetes objects", "Unable to continue with update")


class ReleaseFailed(Exception):
    """Install or upgrade failed and left a release.

    Attributes:
        record: what helm says of the failed revision.
    """

    def __init__(self, message: str, record: Properties) -> None:
        super().__init__(message)
        self.record = record


def install(tool: Helm, release: Properties, chart: Path, cancelled: Event) -> Properties:
    """`helm install`; returns the record.

    Args:
        release: the resource's options, all present.
        cancelled: interrupts it; the release is then recorded as failed.

    Raises:
        ReleaseFailed: it failed and left a release.
        HelmError: it failed and left none.
    """
    return _change(tool, release, ["install", release["name"], str(chart)], _INSTALL_FLAGS, [], cancelled)


def upgrade(tool: Helm, release: Properties, chart: Path, cancelled: Event) -> Properties:
    """`helm upgrade`; arguments and errors as for `install`."""
    history = ["--history-max", str(release.get("maxHistory", 0))]
    command = ["upgrade", release["name"], str(chart)]
    return _change(tool, release, command, _UPGRADE_FLAGS, history, cancelled)


def uninstall(tool: Helm, release: Properties) -> str:
    """`helm uninstall`; returns its message about kept objects.

    helm removes its record first and waits afterwards, so a second attempt after a timeout finds no release.

    Raises:
        HelmError: it failed.
    """
    waits = release["atomic"] or not release["skipAwait"]
    arguments = ["--wait", "--timeout", _seconds(release)] if waits else ["--timeout", "0s"]
    said = tool.run("uninstall", release["name"], "--namespace", release["namespace"], *arguments)
    return said.rpartition(f'release "{release["name"]}" uninstalled')[0].removesuffix("\n")


def record(tool: Helm, release: Properties, revision: int | None = None) -> Properties:
    """Completes the release's options from helm's record, of the newest revision unless one is named.

    Raises:
        HelmError: there is no such release.
    """
    where = [release["name"], "--namespace", release["namespace"], "--output", "json"]
    if revision is not None:
        where += ["--revision", str(revision)]
    status = json.loads(tool.run("status", *where))
    metadata = json.loads(tool.run("get", "metadata", *where))
    return {
        **release,
        "chart": release["chart"] or metadata["chart"],
        "values": merge(release["values"], status.get("config") or {}),
        "version": metadata["version"],
        "resourceNames": resource_names(status.get("manifest") or ""),
        "status": {
            "status": status["info"]["status"],
            "name": status["name"],
            "namespace": status["namespace"],
            "revision": status["version"],
            "chart": metadata["chart"],
            "version": metadata["version"],
            "appVersion": metadata.get("appVersion", ""),
        },
    }


def resource_names(manifest: str) -> dict[str, list[str]]:
    """`namespace/name` (or the name alone) of each object of a manifest, by `Kind/v1` or `Kind.group/group/version`."""
    names: dict[str, set[str]] = {}
    for document in yaml.safe_load_all(manifest):
        if isinstance(document, dict) and "kind" in document:
            metadata, version = document.get("metadata") or {}, document["apiVersion"]
            namespace, name = metadata.get("namespace"), metadata.get("name", "")
            group, slash, _ = version.partition("/")
            kind = f"{document['kind']}.{group}" if slash else document["kind"]
            names.setdefault(f"{kind}/{version}", set()).add(f"{namespace}/{name}" if namespace else name)
    return {kind: sorted(found) for kind, found in names.items()}


def lint(tool: Helm, release: Properties, chart: Path) -> None:
    """`helm lint` with the release's values.

    Raises:
        HelmError: it complains.
    """
    try:
        tool.run("lint", str(chart), "--values", str(_values(tool, release)))
    except HelmError as error:
        raise HelmError(f"malformed chart or values: \n\t{error}") from error


def _change(
    tool: Helm, release: Properties, command: list[str], flags: dict[str, str], extra: list[str], cancelled: Event
) -> Properties:
    arguments = ["--namespace", release["namespace"], "--values", str(_values(tool, release)), *extra]
    arguments += [flag for key, flag in (flags | _COMMON_FLAGS).items() if release[key]]
    arguments += ["--timeout", _seconds(release)]
    if not release["skipAwait"]:
        arguments += ["--wait", *(["--wait-for-jobs"] if release["waitForJobs"] else [])]
    for key, flag in (("description", "--description"), ("postrender", "--post-renderer")):
        if release[key]:
            arguments += [flag, release[key]]
    started = time.time()
    try:
        tool.run(*command, *arguments, cancelled=cancelled)
    except HelmError as error:
        revision = _stored_since(tool, release, started)
        if revision is None and not str(error).startswith(_UNSTORED):
            raise
        raise ReleaseFailed(str(error), record(tool, release, revision)) from error
    return record(tool, release)


def _values(tool: Helm, release: Properties) -> Path:
    return tool.write("values.yaml", json.dumps(release["values"]))


def _seconds(release: Properties) -> str:
    return f"{release['timeout'] or DEFAULT_SECONDS}s"


def _stored_since(tool: Helm, release: Properties, started: float) -> int | None:
    """Returns the revision that a failed install or upgrade left; None if it left none. helm has the same clock as
    we."""
    where = [release["name"], "--namespace", release["namespace"]]
    try:
        history = json.loads(tool.run("history", *where, "--output", "json"))
    except HelmError:
        return None
    ours = [entry for entry in history if datetime.fromisoformat(entry["updated"]).timestamp() >= started]
    return int(ours[0]["revision"]) if ours else None
