"""`kubernetes:helm.sh/v3:Release`: the plugin's calls for it (docs/plugins.md, Helm releases)."""

import json
from pathlib import Path

from sandbox.plugins.kubernetes import chart, helm, helm_release
from sandbox.plugins.kubernetes.changes import compare, is_replacement, mark, replacing, text
from sandbox.plugins.kubernetes.helm import HelmError
from sandbox.plugins.kubernetes.helm_release import ReleaseFailed
from sandbox.plugins.kubernetes.release_inputs import DEFAULT_SECONDS, decode, repository, with_defaults
from sandbox.plugins.kubernetes.settings import Settings
from sandbox.plugins.kubernetes.state import inputs_of
from sandbox.plugins.properties import UNKNOWN, Properties, Secret, has_unknown, plain
from sandbox.plugins.provider import (
    CheckFailure,
    CheckRequest,
    CheckResult,
    Context,
    CreateRequest,
    CreateResult,
    DeleteRequest,
    DiffRequest,
    DiffResult,
    InitFailed,
    ProviderError,
    ReadRequest,
    ReadResult,
    Severity,
    UpdateRequest,
)

TOKEN = "kubernetes:helm.sh/v3:Release"  # noqa: S105 (a type token)


def check(settings: Settings, request: CheckRequest) -> CheckResult:
    """Fills in defaults and loads the chart, which determines its exact version; needs no cluster."""
    inputs = with_defaults(request, settings.namespace, settings.surroundings.environment)
    release = decode(inputs, settings.surroundings.directory)
    failures = []
    if not has_unknown(inputs):
        try:
            with helm.session(settings) as tool:
                release["version"] = chart.load(tool, release).version
        except HelmError as error:
            failures.append(CheckFailure("chart", f"{error}; check the chart name and repository configuration."))
    return CheckResult(mark(release, inputs), failures)


def diff(request: DiffRequest) -> DiffResult:
    """Compares three ways: the old inputs, the new inputs, and the live release."""
    olds, news = plain(request.olds), plain(request.news)
    olds |= repository(olds)  # what an earlier stand-in wrote lacks the empty ones
    if "version" in request.ignore_changes:
        news = {**news, "version": olds.get("version", "")}
    changes = replacing(compare(olds, news, olds.get("__inputs") or {}), [("name",), ("namespace",)])
    return DiffResult(
        changed=bool(changes),
        diffs=sorted({str(path[0]) for path in changes}),
        replaces=[text(path) for path, change in changes.items() if is_replacement(change)],
        detailed={text(path): change for path, change in changes.items()},
    )


def create(context: Context[Settings], settings: Settings, request: CreateRequest) -> CreateResult:
    """`helm install`.

    Raises:
        ProviderError, HelmError: it failed and left no release.
        InitFailed: it failed and left one, with status `failed`.
    """
    release = decode(request.inputs, settings.surroundings.directory)
    if request.preview:
        return CreateResult("", _foretold(release, request.inputs))
    if settings.cluster is None:
        raise ProviderError(f"can't create Helm Release with unreachable cluster: {settings.unreachable}")
    id = f"{release['namespace']}/{release['name']}"
    with helm.session(settings) as tool:
        try:
            live = helm_release.install(tool, release, chart.load(tool, release).path, context.cancelled)
        except ReleaseFailed as failed:
            context.log(
                Severity.WARNING,
                f'Helm release "{release["name"]}" was created but has a failed status. Use the `helm` command to '
                f"investigate the error, correct it, then retry. Reason: {failed}",
                request.urn,
            )
            what = f'Helm release "{id}" was created, but failed to initialize completely.'
            raise _init_failed(id, what, "", failed, request.inputs) from failed
    return CreateResult(id, _checkpoint(live, request.inputs))


def read(settings: Settings, request: ReadRequest) -> ReadResult:
    """Reads the live release; a missing one is gone, a failed one is not an error.

    Raises:
        HelmError: helm does not say.
    """
    state, directory = request.properties, settings.surroundings.directory
    release = decode(state, directory)
    if not state:
        release["namespace"], _, release["name"] = request.id.rpartition("/")
    with helm.session(settings) as tool:
        try:
            live = helm_release.record(tool, release)
        except HelmError as error:
            if "release: not found" in str(error):
                return ReadResult("")
            raise
    if state:
        inputs = inputs_of(state)
    else:
        live |= {"chart": _guess_chart(live, directory), "timeout": DEFAULT_SECONDS}
        inputs = {key: value for key, value in live.items() if key not in ("resourceNames", "status")}
    return ReadResult(request.id, _checkpoint(live, inputs), inputs)


def update(context: Context[Settings], settings: Settings, request: UpdateRequest) -> Properties:
    """`helm upgrade`, in the old release's namespace.

    Raises:
        ProviderError, HelmError: it failed before it changed anything.
        InitFailed: it failed; the new inputs are saved.
    """
    release = decode(request.news, settings.surroundings.directory)
    if request.preview:
        return _foretold(release, request.news)
    if settings.cluster is None:
        raise ProviderError(f"can't update Helm Release with unreachable cluster: {settings.unreachable}")
    release["namespace"] = plain(request.olds["namespace"])
    with helm.session(settings) as tool:
        path = chart.load(tool, release).path
        if release["lint"]:
            helm_release.lint(tool, release, path)
        try:
            live = helm_release.upgrade(tool, release, path, context.cancelled)
        except ReleaseFailed as failed:
            id = f"{release['namespace']}/{release['name']}"
            what = f'Helm release "{id}" failed to initialize completely.'
            raise _init_failed(id, what, "error running update: ", failed, request.news) from failed
    return _checkpoint(live, request.news)


def delete(context: Context[Settings], settings: Settings, request: DeleteRequest) -> None:
    """Runs `helm uninstall` with the options in the state; it cannot be cancelled.

    Raises:
        ProviderError: the cluster is unreachable.
        HelmError: the release is not there, or its objects outlived the timeout.
    """
    if settings.cluster is None:
        reason = json.dumps(settings.unreachable, ensure_ascii=False)
        raise ProviderError(f"can't delete Helm Release with unreachable cluster. Reason: {reason}")
    with helm.session(settings) as tool:
        kept = helm_release.uninstall(tool, decode(request.properties, settings.surroundings.directory))
    if kept:
        information = json.dumps(kept, ensure_ascii=False)
        context.log(Severity.WARNING, f"Helm uninstall returned information: {information}", request.urn)


def _checkpoint(live: Properties, inputs: Properties) -> Properties:
    """Returns the state: the live values, secret where the inputs were, and the inputs themselves."""
    state: Properties = mark(live, inputs)
    return {**state, "__inputs": Secret(inputs)}


def _foretold(release: Properties, inputs: Properties) -> Properties:
    return {**_checkpoint(release, inputs), "resourceNames": UNKNOWN, "status": UNKNOWN}


def _init_failed(id: str, what: str, prefix: str, failed: ReleaseFailed, inputs: Properties) -> InitFailed:
    reason = (
        f"{what} Use Helm CLI to investigate: {prefix}failed to become available within allocated timeout. "
        f"Error: Helm Release {id}: {failed}"
    )
    return InitFailed(id, _checkpoint(failed.record, inputs), [reason], text=reason)


def _guess_chart(live: Properties, directory: Path) -> str:
    """Returns an imported release's chart: the one in the program's folder, or else its bare name."""
    name, version = live["status"]["chart"], live["version"]
    for guess in (f"{name}-{version}", f"{name}-{version}.tgz", name, f"{name}.tgz"):
        if (directory / guess).is_file() or (directory / guess / "Chart.yaml").is_file():
            return f"./{guess}"
    return str(name)
