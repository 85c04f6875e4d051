"""Where two exported states of the same program differ, property by property."""

import re
from collections.abc import Iterator
from typing import Any

from runner.stack import PLUGINS

# What differs between any two runs: ids, addresses, times, paths, and the names of machines.
_OWN = re.compile(
    r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\b[0-9a-f]{12}\b|\b\d{1,3}(\.\d{1,3}){3}\b"
    r"|\b\d{20,}\b|\d{4}-\d\d-\d\d[T ][\d:.]+( \+0000 UTC|Z)?|/tmp/[\w./-]+"
)
_SECRET = "4dabf18193072939515e22adb298388d"
_CERTIFICATES = re.compile(r"(Ca|certificate|kubeconfig|content)$", re.IGNORECASE)
_PARTS = ("inputs", "outputs", "dependencies", "propertyDependencies")


def differences(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """Lines `type property: one value != other value`, each once, of the resources that have a stand-in.

    Args:
        one, other: deployments, as `pulumi stack export` has them.
    """
    ours, theirs = (_by_urn(each) for each in (one, other))
    lines = [f"{urn}: in one state only" for urn in sorted(ours.keys() ^ theirs.keys())]
    for urn in sorted(ours.keys() & theirs.keys()):
        for part in _PARTS:
            for path, left, right in _differing(part, ours[urn].get(part), theirs[urn].get(part)):
                lines.append(f"{ours[urn]['type']} {path}: {left} != {right}")
    return list(dict.fromkeys(lines))


def _by_urn(deployment: dict[str, Any]) -> dict[str, dict[str, Any]]:
    wanted = tuple(f"{package}:" for package in PLUGINS)
    found = deployment.get("resources", [])
    return {item["urn"]: item for item in found if item["type"].removeprefix("pulumi:providers:").startswith(wanted)}


def _differing(path: str, left: Any, right: Any) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(left, dict) and isinstance(right, dict) and _SECRET not in left:
        for key in sorted(left.keys() | right.keys()):
            yield from _differing(f"{path}.{key}", left.get(key, "nothing"), right.get(key, "nothing"))
    elif isinstance(left, list) and isinstance(right, list) and len(left) == len(right):
        if "ependencies" in path:  # the engine keeps them in no order
            left, right = sorted(left), sorted(right)
        for index, (one, other) in enumerate(zip(left, right, strict=True)):
            yield from _differing(f"{path}[{index}]", one, other)
    elif _plain(path, left) != _plain(path, right):
        yield path, _plain(path, left), _plain(path, right)


def _plain(path: str, value: Any) -> Any:
    """The value without what is another one in every run."""
    if isinstance(value, dict) and _SECRET in value:
        return "(a secret)"
    if isinstance(value, str):
        return "(of its own)" if value and _CERTIFICATES.search(path) else _OWN.sub("(own)", value)
    return value
