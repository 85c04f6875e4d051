"""Where two exported states of the same program differ, property by property."""

import re
from collections.abc import Iterator
from typing import Any

# What differs between any two runs: ids, names of machines, addresses, times, certificates.
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_OWN = re.compile(r"\b\d{1,3}(\.\d{1,3}){3}\b|\d{4}-\d\d-\d\d[T ][\d:.]+( \+0000 UTC|Z)?|127\.0\.0\.1:\d+")
_SECRET = "4dabf18193072939515e22adb298388d"  # the engine's mark of a secret
_RANDOM = ("certificate", "kubeconfig", "Ca", "ciphertext", "token")


def differences(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """Lines `type property: one value != other value`, each once.

    Args:
        one, other: deployments, as `pulumi stack export` has them.
    """
    ours, theirs = ({item["urn"]: item for item in each.get("resources", [])} for each in (one, other))
    lines = [f"{urn}: in one state only" for urn in sorted(ours.keys() ^ theirs.keys())]
    for urn in sorted(ours.keys() & theirs.keys()):
        for part in ("inputs", "outputs", "dependencies", "propertyDependencies"):
            for path, left, right in _differing(part, ours[urn].get(part), theirs[urn].get(part)):
                lines.append(f"{ours[urn]['type']} {path}: {left} != {right}")
    return list(dict.fromkeys(lines))


def _differing(path: str, left: Any, right: Any) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(left, dict) and isinstance(right, dict) and _SECRET not in left:
        for key in sorted(left.keys() | right.keys()):
            missing = "nothing"
            yield from _differing(f"{path}.{key}", left.get(key, missing), right.get(key, missing))
    elif isinstance(left, list) and isinstance(right, list) and len(left) == len(right):
        for index, (one, other) in enumerate(zip(left, right, strict=True)):
            yield from _differing(f"{path}[{index}]", one, other)
    elif _plain(path, left) != _plain(path, right):
        yield path, _plain(path, left), _plain(path, right)


def _plain(path: str, value: Any) -> Any:
    """The value without what is another one in every run."""
    if (isinstance(value, dict) and _SECRET in value) or (any(word in path for word in _RANDOM) and value):
        return "(of its own)"
    return _OWN.sub("(own)", _UUID.sub("(id)", value)) if isinstance(value, str) else value
