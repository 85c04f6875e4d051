"""Property values of the engine as plain Python, and back."""

from collections.abc import Mapping, Sequence
from typing import Any

from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.runtime.rpc import UNKNOWN

Properties = dict[str, PropertyValue]
Values = dict[str, Any]


def plain(properties: Mapping[str, PropertyValue]) -> Values:
    """The values without what marks secrets and dependencies. One that a preview does not know is `UNKNOWN`."""
    return {key: _plain(value) for key, value in properties.items()}


def is_unknown(value: Any) -> bool:
    """Whether a preview does not know all of a plain value."""
    return any(map(is_unknown, value)) if isinstance(value, list) else value == UNKNOWN


def _plain(value: PropertyValue) -> Any:
    content = value.value
    if isinstance(content, Mapping):
        return plain(content)
    if isinstance(content, Sequence) and not isinstance(content, str):
        return [_plain(item) for item in content]
    return content
