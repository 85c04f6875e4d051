"""The plugin's state of an object: the live object, the inputs, and the field manager."""

from typing import Any

from sandbox.plugins.kubernetes.changes import mark
from sandbox.plugins.kubernetes.cluster import Object
from sandbox.plugins.properties import Properties, Secret, plain

_OWN_KEYS = ("__inputs", "__initialApiVersion", "__fieldManager")
_SERVER_SET = ("creationTimestamp", "generation", "managedFields", "resourceVersion", "uid")
_SECRET_KEYS = ("data", "stringData")


def type_of(token: str) -> tuple[str, str]:
    """Returns apiVersion and kind of a type token, e.g. `kubernetes:core/v1:Namespace`,
    `kubernetes:apps/v1:Deployment`."""
    _, module, kind = token.split(":")
    return module.removeprefix("core/"), kind


def inputs_of(state: Properties) -> Properties:
    """Returns the inputs at the time when the state was written."""
    inputs: Properties | Secret = state.get("__inputs") or {}
    return inputs.value if isinstance(inputs, Secret) else inputs


def live_of(state: Properties) -> Properties:
    """Returns the live object at the time when the state was written."""
    return {key: value for key, value in state.items() if key not in _OWN_KEYS}


def checkpoint(inputs: Properties, live: Object, manager: str, initial_api_version: Any = None) -> Properties:
    """Makes an object's state. Secrets in the inputs stay secret, and a Secret's data always is."""
    if live["kind"] == "Secret":
        inputs = {key: _secret(value) if key in _SECRET_KEYS else value for key, value in inputs.items()}
        live = {key: _secret(value) if key in _SECRET_KEYS else value for key, value in live.items()}
    state: Properties = mark(live, inputs)
    return {
        **state,
        "__inputs": inputs,
        "__initialApiVersion": initial_api_version or live["apiVersion"],
        "__fieldManager": manager,
    }


def importable(live: Object) -> Object:
    """Returns an object's inputs if no program has set them yet."""
    metadata = {key: value for key, value in live["metadata"].items() if key not in _SERVER_SET}
    return {**{key: value for key, value in live.items() if key != "status"}, "metadata": metadata}


def _secret(value: Any) -> Secret:
    return Secret(plain(value))
