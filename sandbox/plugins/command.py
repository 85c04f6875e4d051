"""The stand-in for the pulumi-command 1.2.1 plugin: local commands with a lifecycle (docs/plugins.md, Commands)."""

import hashlib
import os
import secrets
from collections.abc import Callable
from glob import glob
from pathlib import Path
from typing import Any

from sandbox.plugins.properties import ARCHIVE, ASSET, UNKNOWN, Properties, has_unknown, plain
from sandbox.plugins.provider import (
    Change,
    CheckRequest,
    CheckResult,
    ConfigureRequest,
    Context,
    CreateRequest,
    CreateResult,
    DeleteRequest,
    DiffRequest,
    DiffResult,
    Features,
    Provider,
    ProviderError,
    ReadRequest,
    ReadResult,
    Severity,
    UpdateRequest,
)
from sandbox.plugins.shell import CommandFailed, Output, run

_TYPE = "command:local:Command"
_SHELL = ["/bin/sh", "-c"]
_REPLACING = "triggers"
_OUTPUTS = ("stdout", "stderr", "assets", "archive")
_SHOWN = {"stdout": {"stdout"}, "stderr": {"stderr"}, "none": set[str]()}  # by the `logging` input; unset: both


class CommandProvider(Provider[None]):
    """Runs commands in the program's folder with the engine's environment, as the real plugin does."""

    package = "command"
    version = "1.2.1"
    features = Features(accept_secrets=True, accept_resources=True, accept_outputs=True)

    def configure(self, context: Context[None], request: ConfigureRequest) -> None:
        return None

    def check(self, context: Context[None], request: CheckRequest) -> CheckResult:
        _known(request.type)
        return CheckResult(request.news)

    def diff(self, context: Context[None], request: DiffRequest) -> DiffResult:
        _known(request.type)
        keys = sorted(({*request.olds, *request.news} - set(_OUTPUTS)) - set(request.ignore_changes))
        changes = {key: _change(request.olds.get(key), request.news.get(key)) for key in keys}
        differing = {key: change for key, change in changes.items() if change}
        replaces = [_REPLACING] if _REPLACING in differing else []
        if replaces:
            differing[_REPLACING] = Change[f"{differing[_REPLACING].name}_REPLACE"]
        return DiffResult(bool(differing), list(differing), replaces, detailed=differing)

    def create(self, context: Context[None], request: CreateRequest) -> CreateResult:
        if request.preview:
            return CreateResult("", {**request.inputs, **_unknown(request.inputs)})
        made = _execute(context, request.urn, request.inputs, ("create",), {}, request.timeout)
        return CreateResult(f"{request.name}{secrets.token_hex(4)}", {**request.inputs, **made})

    def read(self, context: Context[None], request: ReadRequest) -> ReadResult:
        return ReadResult(request.id, request.properties, request.inputs)

    def update(self, context: Context[None], request: UpdateRequest) -> Properties:
        if request.preview:
            return {**request.news, **_unknown(request.news)}
        made = _execute(context, request.urn, request.news, ("update", "create"), request.olds, request.timeout)
        return {**request.news, **made}

    def delete(self, context: Context[None], request: DeleteRequest) -> None:
        state = request.properties
        _execute(context, request.urn, state, ("delete",), state, request.timeout)


def _known(type_: str) -> None:
    if type_ != _TYPE:
        raise ProviderError(f"the sandbox's command plugin does not know the resource type {type_}")


def _change(old: Any, new: Any) -> Change | None:
    if not has_unknown(new) and plain(old) == plain(new):
        return None
    if old is None:
        return Change.ADD
    return Change.DELETE if new is None else Change.UPDATE


def _unknown(inputs: Properties) -> Properties:
    return {key: UNKNOWN for key in _OUTPUTS if key in ("stdout", "stderr") or inputs.get(_paths(key)) is not None}


def _paths(output: str) -> str:
    return {"assets": "assetPaths", "archive": "archivePaths"}[output]


def _execute(
    context: Context[None],
    urn: str,
    properties: Properties,
    verbs: tuple[str, ...],
    previous: Properties,
    timeout: float,
) -> Properties:
    """Runs the first of these commands that is set; returns its outputs.

    Args:
        previous: outputs of the run before, which reach the command's environment; empty on create.
    """
    values, before = plain(properties), plain(previous)
    command = next((values[verb] for verb in verbs if values.get(verb)), None)
    printed = {key: before.get(key, "") for key in ("stdout", "stderr")}
    directory = context.surroundings.directory / (values.get("dir") or "")
    if command is not None:
        environment = {**context.surroundings.environment, **values.get("environment", {})}
        if values.get("addPreviousOutputInEnv", True):
            environment |= {f"PULUMI_COMMAND_{key.upper()}": text for key, text in printed.items() if text}
        shown = _SHOWN.get(values.get("logging", ""), {"stdout", "stderr"})
        try:
            output: Output = run(
                command,
                values.get("interpreter") or _SHELL,
                directory,
                environment,
                values.get("stdin") or "",
                _logger(context, urn, shown),
                context.cancelled,
                timeout,
            )
        except CommandFailed as failed:
            raise ProviderError(str(failed)) from None
        printed = {"stdout": output.stdout, "stderr": output.stderr}
    return printed | _files(values, directory)


def _logger(context: Context[None], urn: str, shown: set[str]) -> Callable[[str, str], None]:
    def show(stream: str, line: str) -> None:
        if stream in shown:
            context.log(Severity.INFO, line, urn, ephemeral=True)

    return show


def _files(values: Properties, directory: Path) -> Properties:
    made: Properties = {}
    if values.get("assetPaths") is not None:
        made["assets"] = _assets(values["assetPaths"], directory)
    if values.get("archivePaths") is not None:
        made["archive"] = ARCHIVE | {"assets": _assets(values["archivePaths"], directory)}
    return made


def _assets(patterns: list[str], directory: Path) -> Properties:
    """Returns the files that match the globs, by path; a pattern with `!` excludes files."""
    found: set[str] = set()
    for pattern in patterns:
        matched = glob(pattern.removeprefix("!"), root_dir=directory, recursive=True, include_hidden=True)
        files = {path for path in matched if os.path.isfile(directory / path)}
        found = found - files if pattern.startswith("!") else found | files
    return {path: ASSET | {"path": str(directory / path), "hash": _hash(directory / path)} for path in sorted(found)}


def _hash(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
