"""Check: defaults, generated names, and refusals before any call (docs/plugins.md, Exoscale inputs)."""

import re
from collections.abc import Mapping
from typing import Any

from sandbox.plugins.autonaming import automatic_name
from sandbox.plugins.exoscale.schema import DEFAULTS, Resource
from sandbox.plugins.properties import Properties, has_unknown
from sandbox.plugins.provider import CheckFailure, CheckRequest, CheckResult, ProviderError

_NAME_DIGITS = 7
_NAME_LENGTH = 255


def check(resource: Resource, request: CheckRequest) -> CheckResult:
    """Returns the inputs with their defaults, or every reason to refuse them.

    Raises:
        ProviderError: the made-up name would be too long.
    """
    given = {key: value for key, value in request.news.items() if key != DEFAULTS}
    inputs = given | _defaults(resource, request, given)
    for key, spec in resource.inputs.items():
        if spec.elements and key in inputs:
            inputs[key] = _fill(inputs[key], spec.elements)
    failures = [
        CheckFailure("", f"{reason}. Examine values at '{request.name}.{key}'.")
        for key, reason in _refusals(resource, inputs)
    ]
    return CheckResult(inputs | {DEFAULTS: sorted(inputs.keys() - given.keys())}, failures)


def _defaults(resource: Resource, request: CheckRequest, given: Properties) -> Properties:
    """Keeps a default that is already in the state, so that a new release of the plugin changes nothing."""
    kept = {key: request.olds[key] for key in request.olds.get(DEFAULTS, []) if key in request.olds}
    defaults = {key: spec.default for key, spec in resource.inputs.items() if spec.default is not None}
    if resource.autonamed and "name" not in {**given, **kept}:
        name = automatic_name(request.name, request.seed, request.autonaming, _NAME_DIGITS)
        if name and len(name) > _NAME_LENGTH:
            raise ProviderError(
                f"failed to generate a unique name: name '{request.name}' plus {_NAME_DIGITS + 1} random chars "
                f"is longer than maximum length {_NAME_LENGTH}"
            )
        if name:
            defaults["name"] = name
    return {key: value for key, value in (defaults | kept).items() if key not in given and key in resource.inputs}


def _fill(value: Any, defaults: Mapping[str, Any]) -> Any:
    if isinstance(value, list):
        return [_fill(item, defaults) for item in value]
    return {**defaults, **value} if isinstance(value, dict) else value


def _refusals(resource: Resource, inputs: Properties) -> list[tuple[str, str]]:
    refusals = []
    for key, spec in resource.inputs.items():
        value = inputs.get(key)
        if value is None:
            if spec.required or (key == "name" and resource.autonamed):
                refusals.append((key, missing(key)))
        elif not has_unknown(value):
            reason = spec.check(value)
            if reason:
                refusals.append((key, reason))
    for group in resource.conflicts:
        for key in resource.inputs:
            others = sorted(snake(other) for other in group if other != key and inputs.get(other) is not None)
            if key in group and inputs.get(key) is not None and others:
                refusals.append(
                    (key, f'Conflicting configuration arguments. "{snake(key)}": conflicts with {others[0]}')
                )
    return refusals


def missing(key: str) -> str:
    """Returns the reason to refuse inputs without this one."""
    return f'Missing required argument. The argument "{snake(key)}" is required, but no definition was found.'


def snake(key: str) -> str:
    """Returns a property's Terraform name, which the plugin's texts use."""
    return re.sub(r"(?<=[a-z0-9])([A-Z])", lambda match: f"_{match[1].lower()}", key)
