"""The plugin's state of a resource (docs/plugins.md, Exoscale states)."""

import json
from typing import Any

from sandbox.plugins.exoscale.raw_state import DELTA, delta
from sandbox.plugins.exoscale.schema import TIMEOUT_SECONDS, Input, Resource
from sandbox.plugins.properties import Properties, Secret, has_unknown

_META = "__meta"
_TIMEOUTS = "e2bfb730-ecaa-11e6-8f88-34363bc7c4c0"  # Terraform's own name for them
_NANOSECONDS = 1_000_000_000
_EMPTY: tuple[Any, ...] = ([], {})


def outputs(
    resource: Resource, id_: str, known: Properties, before: Properties | None = None, **timeouts: float
) -> Properties:
    """Returns the outputs: all properties of the schema, null if unknown, and the bridge's additions.

    Args:
        known: the values, without secrets' wrappers.
        before: what a refresh found in the state. It spells emptiness as that does, and leaves time limits alone.
        timeouts: customTimeouts of this call in seconds, by its name; 0 for none.
    """
    old = before or {}
    state: Properties = {"id": id_}
    for key in (*resource.inputs, *resource.outputs):
        value = _value(known.get(key), resource.inputs.get(key))
        state[key] = old[key] if key in old and value is None and old[key] in _EMPTY else value
    state[_META] = old.get(_META) or _meta(resource, timeouts)
    if not has_unknown(state):
        state[DELTA] = delta(resource, state)
    return {key: Secret(value) if key in resource.secrets else value for key, value in state.items()}


def _value(value: Any, spec: Input | None) -> Any:
    """Makes an unset or empty attribute null, whatever the program and the cloud have; a block never is."""
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        value = sorted(value)  # sets, all of them, and Terraform's have an order
    if spec is None or spec.flat:
        return value
    if spec.block:
        return value or []
    return None if value in _EMPTY else value


def _meta(resource: Resource, custom: dict[str, float]) -> str:
    calls = {"create": True, "delete": True, "read": True, "update": resource.update_timeout}
    limits = {
        call: int((custom.get(call) or TIMEOUT_SECONDS) * _NANOSECONDS) for call, limited in calls.items() if limited
    }
    version = {"schema_version": str(resource.schema_version)} if resource.schema_version else {}
    return json.dumps({_TIMEOUTS: limits, **version}, separators=(",", ":"))
