"""A Release's inputs: defaults, values from files, and the plugin's normalisation (docs/plugins.md, Helm releases)."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import requests
import yaml

from sandbox.plugins.autonaming import unique_name
from sandbox.plugins.kubernetes.changes import without_nulls
from sandbox.plugins.properties import Properties, Secret, Unknown, plain
from sandbox.plugins.provider import CheckRequest, ProviderError

DEFAULT_SECONDS = 300
_FETCH_SECONDS = 30

# The plugin writes every option into the state, unset ones with Go's zero value.
_FLAGS = [
    "allowNullValues",
    "atomic",
    "cleanupOnFail",
    "createNamespace",
    "dependencyUpdate",
    "devel",
    "disableCRDHooks",
    "disableOpenapiValidation",
    "disableWebhooks",
    "forceUpdate",
    "lint",
    "recreatePods",
    "renderSubchartNotes",
    "replace",
    "resetValues",
    "reuseValues",
    "skipAwait",
    "skipCrds",
    "verify",
    "waitForJobs",
]
_TEXTS = ["chart", "description", "keyring", "name", "namespace", "postrender", "version"]
_OTHERS = ["maxHistory", "timeout", "values"]
_REPOSITORY = ["caFile", "certFile", "keyFile", "password", "repo", "username"]

_SIGNATURE = "4dabf18193072939515e22adb298388d"
_ASSET = "c44067f5952c0a294b673a41bacd8c17"


def decode(properties: Properties, directory: Path) -> Properties:
    """Returns a release's options without secrets' wrappers and nulls; merges value files under `values`.

    Args:
        directory: where relative asset paths start.

    Raises:
        ProviderError: a value file is not an asset, or cannot be read.
    """
    given = plain(without_nulls(properties))
    decoded: Properties = {key: given.get(key, False) for key in _FLAGS}
    decoded |= {key: given.get(key, "") for key in _TEXTS}
    decoded |= {key: given[key] for key in _OTHERS if key in given}
    decoded.setdefault("timeout", 0)
    decoded |= repository(given)
    values: Any = {}
    files = given.get("valueYamlFiles")
    for asset in files if isinstance(files, list) else []:
        if not isinstance(asset, Unknown):
            values = merge(values, _read(asset, directory))
    own = given.get("values")
    decoded["values"] = merge(values, own) if isinstance(own, dict) or own is None else own
    return decoded


def repository(release: Properties) -> Properties:
    """Returns its `repositoryOpts` with all options, like those of the release itself; none if it has none."""
    options = release.get("repositoryOpts")
    if isinstance(options, dict):
        options = dict.fromkeys(_REPOSITORY, "") | options
    return {} if options is None else {"repositoryOpts": options}


def with_defaults(request: CheckRequest, namespace: str, environment: Mapping[str, str]) -> Properties:
    """Returns the inputs with name, namespace and timeout. Names ignore the stack's autonaming and its seed."""
    inputs: Properties = without_nulls(request.news)
    old_name = plain(request.olds.get("name"))
    if "name" not in inputs and old_name:
        inputs["name"] = old_name
    if not inputs.get("name"):
        inputs["name"] = unique_name(request.name, b"", 8)
    if not inputs.get("namespace"):
        inputs["namespace"] = namespace
    if "timeout" not in inputs and plain(inputs.get("skipAwait", False)) is False:
        inputs["timeout"] = DEFAULT_SECONDS
    if plain(inputs.get("verify")) is True and not inputs.get("keyring"):
        inputs["keyring"] = os.path.join(environment.get("HOME", ""), ".gnupg/pubring.gpg")
    return inputs


def merge(under: Any, over: Any) -> Any:
    """Merges like Helm: maps key by key; everything else is replaced."""
    if not isinstance(under, dict) or not isinstance(over, dict):
        return under if over is None else over
    return {
        key: merge(under[key], over[key])
        if key in under and key in over
        else (over[key] if key in over else under[key])
        for key in {**under, **over}
    }


def _read(asset: Any, directory: Path) -> dict[str, Any]:
    asset = asset.value if isinstance(asset, Secret) else asset
    if not isinstance(asset, dict) or asset.get(_SIGNATURE) != _ASSET:
        raise ProviderError("unsupported type for 'valueYamlFiles' arg: []interface {}")
    try:
        if asset.get("text"):
            text = asset["text"]
        elif asset.get("path"):
            text = (directory / asset["path"]).read_text()
        elif asset.get("uri"):
            answer = requests.get(asset["uri"], timeout=_FETCH_SECONDS)
            answer.raise_for_status()
            text = answer.text
        else:
            text = ""
        parsed = yaml.safe_load(text) or {}
    except OSError as error:  # of the file, or of the network: requests' errors are OSErrors
        raise ProviderError(f"failed to open asset file {asset.get('path') or asset.get('uri')}: {error}") from error
    except yaml.YAMLError as error:
        raise ProviderError(f"yaml: {error}") from error
    if not isinstance(parsed, dict):
        raise ProviderError(
            f"yaml: unmarshal errors: cannot unmarshal {type(parsed).__name__} into map[string]interface {{}}"
        )
    return parsed
