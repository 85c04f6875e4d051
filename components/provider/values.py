"""Converts the engine's property values to plain Python and back."""

from collections.abc import Mapping, Sequence
from typing import Any

from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.runtime.rpc import UNKNOWN

Properties = dict[str, PropertyValue]
Values = dict[str, Any]


def plain(properties: Mapping[str, PropertyValue]) -> Values:
    """Strips the marks of secrets and dependencies. A value that a preview does not know becomes `UNKNOWN`."""
    return {key: _plain(value) for key, value in properties.items()}


def wrapped(value: Any) -> PropertyValue:
    """Converts a plain value for the engine, which has no whole numbers."""
    if isinstance(value, Mapping):
        return PropertyValue({key: wrapped(one) for key, one in value.items()})
    if isinstance(value, Sequence) and not isinstance(value, str):
        return PropertyValue([wrapped(one) for one in value])
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return PropertyValue(float(value) if is_number else value)


def is_unknown(value: Any) -> bool:
    """Whether a preview does not know some part of a plain value."""
    if isinstance(value, Mapping):
        return any(map(is_unknown, value.values()))
    return any(map(is_unknown, value)) if isinstance(value, list) else value == UNKNOWN


def _plain(value: PropertyValue) -> Any:
    content = value.value
    if isinstance(content, Mapping):
        return plain(content)
    if isinstance(content, Sequence) and not isinstance(content, str):
        return [_plain(item) for item in content]
    return content
