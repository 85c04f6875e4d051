"""Writes the engine's events as `pulumi preview --event-log FILE` does; `exoscale-sks comment` reads them."""

import json
from collections.abc import Mapping
from enum import Enum
from typing import Any

from pulumi.automation import EngineEvent

FAILED = json.dumps({"summaryEvent": {"result": "failed"}}) + "\n"
"""Ends the events of a preview that failed: the Automation API leaves the result out."""


def line(event: EngineEvent) -> str:
    """Returns the event's line of JSON."""
    return json.dumps(_plain(event)) + "\n"


def _plain(found: Any) -> Any:
    """An object of the Automation API by the names of its JSON; the keys of a resource's inputs stay as they are."""
    if isinstance(found, Enum):
        return found.value
    if isinstance(found, Mapping):
        return {key: _plain(one) for key, one in found.items()}
    if isinstance(found, list | tuple):
        return [*map(_plain, found)]
    if hasattr(found, "__dict__"):
        return {_camel(name): _plain(one) for name, one in vars(found).items() if one is not None}
    return found


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(other.capitalize() for other in others)
