"""Prepares an object's manifest for the API server: names, namespaces, annotations, owners."""

import base64
from typing import Any

from sandbox.plugins.autonaming import automatic_name, unique_name
from sandbox.plugins.kubernetes.changes import Path
from sandbox.plugins.kubernetes.cluster import Object
from sandbox.plugins.properties import Properties, Unknown, plain
from sandbox.plugins.provider import CheckRequest, ProviderError

AUTONAMED = "pulumi.com/autonamed"
SKIP_AWAIT = "pulumi.com/skipAwait"
TIMEOUT = "pulumi.com/timeoutSeconds"
WAIT_FOR = "pulumi.com/waitFor"
PROPAGATION = "pulumi.com/deletionPropagationPolicy"
PATCH_FORCE = "pulumi.com/patchForce"
PATCH_MANAGER = "pulumi.com/patchFieldManager"

# Who may have owned the fields of an object that we made, before our first apply (docs/plugins.md, Kubernetes objects).
FIRST_MANAGER = "pulumi-kubernetes"
_ADOPTED = {(FIRST_MANAGER, "Update"), ("kubectl", "Update"), ("kubectl", "Apply"), ("before-first-apply", "Update")}


def annotation(body: Object, key: str) -> str | None:
    """Returns an annotation's value; None if it is missing or unknown."""
    annotations = (body.get("metadata") or {}).get("annotations") or {}
    value = annotations.get(key)
    return value if isinstance(value, str) else None


def with_name(inputs: Properties, request: CheckRequest) -> Properties:
    """Returns the inputs with a name: their own, the old object's automatic one, or a new automatic one.

    Raises:
        ProviderError: the stack forbids automatic names.
    """
    metadata = plain(inputs.get("metadata")) or {}
    if isinstance(metadata, Unknown) or metadata.get("name") is not None:
        return inputs
    if metadata.get("generateName"):
        raise ProviderError("generateName is not supported with Server-Side Apply; set .metadata.name instead")
    old = plain(request.olds.get("metadata")) or {}
    if old and annotation({"metadata": old}, AUTONAMED) == "true":
        name = old["name"]
    else:
        name = automatic_name(request.name, request.seed, request.autonaming, 8)
    if name is None:
        raise ProviderError("autonaming is disabled, resource requires the .metadata.name field to be set")
    annotations = {**(metadata.get("annotations") or {}), AUTONAMED: "true"}
    return {**inputs, "metadata": {**metadata, "name": name, "annotations": annotations}}


def normalized(body: Object) -> Object:
    """Returns the object as the API server will store it: a Secret's stringData becomes data."""
    if body.get("kind") != "Secret" or not isinstance(body.get("stringData"), dict):
        return body
    encoded = {
        key: base64.b64encode(value.encode()).decode() if isinstance(value, str) else value
        for key, value in body["stringData"].items()
    }
    rest = {key: value for key, value in body.items() if key != "stringData"}
    return rest | {"data": {**(body.get("data") or {}), **encoded}}


def new_field_manager(body: Object) -> str:
    """Returns the field manager for a new object."""
    return annotation(body, PATCH_MANAGER) or unique_name(FIRST_MANAGER, b"", 8)


def adopt_fields(live: Object, manager: str) -> list[Object] | None:
    """Gives `manager` the fields that create or kubectl set; returns the new managedFields, None if nothing changes."""
    entries: list[Object] = live["metadata"].get("managedFields") or []
    adopted = [
        entry
        for entry in entries
        if (entry.get("manager"), entry.get("operation")) in _ADOPTED and not entry.get("subresource")
    ]
    if not adopted:
        return None
    kept = [entry for entry in entries if entry not in adopted]
    own = next((entry for entry in kept if (entry["manager"], entry["operation"]) == (manager, "Apply")), adopted[0])
    fields: Object = {}
    for entry in [own, *adopted]:
        fields = _union(fields, entry.get("fieldsV1") or {})
    ours = {**own, "manager": manager, "operation": "Apply", "fieldsV1": fields}
    return [entry for entry in kept if entry is not own] + [ours]


def ignore(body: Object, path: Path, live: Object, manager: str) -> None:
    """Keeps a path's live value: drops the path from the manifest if only others own it, or else repeats the value."""
    keys = [part for part in path if isinstance(part, str)]
    if len(keys) < len(path):
        return  # the plugin does not do this inside lists either
    owners = {
        entry["manager"]
        for entry in live["metadata"].get("managedFields") or []
        if _owns(entry.get("fieldsV1") or {}, path)
    }
    parent: Object = body
    current: Any = live
    for part in keys[:-1]:
        parent = parent.setdefault(part, {})
        current = current.get(part) if isinstance(current, dict) else None
    if owners and manager not in owners:
        parent.pop(keys[-1], None)
    elif isinstance(current, dict) and keys[-1] in current:
        parent[keys[-1]] = current[keys[-1]]


def _owns(fields: Any, path: Path) -> bool:
    for part in path:
        fields = fields.get(f"f:{part}") if isinstance(fields, dict) else None
    return fields is not None


def _union(one: Object, other: Object) -> Object:
    return {
        key: _union(one[key], other[key]) if key in one and key in other else (one.get(key) or other.get(key) or {})
        for key in {**one, **other}
    }
