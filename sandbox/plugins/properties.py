"""Pulumi property values as plain Python values, from and to the protocol's Struct (docs/plugins.md, Engine)."""

from dataclasses import dataclass, field
from typing import Any

from google.protobuf import struct_pb2

# A property map as a plugin sees it: None, bool, int, float, str, list, dict, Secret, UNKNOWN.
# Assets, archives and resource references stay the dictionaries that the wire carries.
Properties = dict[str, Any]

_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 (a marker of the protocol, not a password)
_OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
ASSET = {_SIGNATURE: "c44067f5952c0a294b673a41bacd8c17"}  # what an asset's dictionary holds besides its content
ARCHIVE = {_SIGNATURE: "0def7320c3a5731c473e5ecbe6d01bc7"}
_UNKNOWN_STRING = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
_UNKNOWNS = {
    _UNKNOWN_STRING,
    "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",  # bool
    "3eeb2bf0-c639-47a8-9e75-3b44932eb421",  # number
    "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",  # array
    "030794c1-ac77-496b-92df-f27374a8bd58",  # asset
    "e48ece36-62e2-4504-bad9-02848725956a",  # archive
    "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",  # object
}


@dataclass(frozen=True)
class Secret:
    """A value that the engine encrypts in its state; its text never shows it."""

    value: Any = field(repr=False)


@dataclass(frozen=True)
class Unknown:
    """A value that is known only after the real update; there is one, `UNKNOWN`."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN = Unknown()


def plain(value: Any) -> Any:
    """Replaces every Secret in the value, at any depth, by its content."""
    if isinstance(value, Secret):
        return plain(value.value)
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value


def is_secret(encoded: Any) -> bool:
    """Whether this is a secret in the form of the protocol or a state file."""
    return isinstance(encoded, dict) and encoded.get(_SIGNATURE) == _SECRET


def is_plain(encoded: Any) -> bool:
    """Whether this is a plain value, without any secret, asset or unknown."""
    if isinstance(encoded, dict):
        return _SIGNATURE not in encoded and all(map(is_plain, encoded.values()))
    if isinstance(encoded, list):
        return all(map(is_plain, encoded))
    return encoded not in _UNKNOWNS


def has_unknown(value: Any) -> bool:
    """Whether the value is unknown or contains an unknown."""
    if isinstance(value, Secret):
        return has_unknown(value.value)
    if isinstance(value, dict):
        return any(map(has_unknown, value.values()))
    if isinstance(value, list):
        return any(map(has_unknown, value))
    return isinstance(value, Unknown)


def decode(struct: struct_pb2.Struct) -> Properties:
    """Reads the properties of a request. Whole numbers become int; output values lose their dependencies."""
    return {key: _decode(value) for key, value in struct.fields.items()}


def encode(properties: Properties) -> struct_pb2.Struct:
    """Writes the properties of a response.

    Raises:
        TypeError: a value has no form on the wire.
    """
    return struct_pb2.Struct(fields={key: _encode(value) for key, value in properties.items()})


def _decode(value: struct_pb2.Value) -> Any:
    match value.WhichOneof("kind"):
        case "number_value":
            number = value.number_value
            return int(number) if number.is_integer() else number
        case "string_value":
            return UNKNOWN if value.string_value in _UNKNOWNS else value.string_value
        case "bool_value":
            return value.bool_value
        case "list_value":
            return [_decode(item) for item in value.list_value.values]
        case "struct_value":
            return _decode_object(decode(value.struct_value))
        case _:
            return None


def _decode_object(fields: Properties) -> Any:
    signature = fields.get(_SIGNATURE)
    if signature == _SECRET:
        return Secret(fields.get("value"))
    if signature == _OUTPUT:
        known = fields.get("value", UNKNOWN)
        return Secret(known) if fields.get("secret") else known
    return fields


def _encode(value: Any) -> struct_pb2.Value:
    match value:
        case None:
            return struct_pb2.Value(null_value=struct_pb2.NULL_VALUE)
        case bool():
            return struct_pb2.Value(bool_value=value)
        case int() | float():
            return struct_pb2.Value(number_value=value)
        case str():
            return struct_pb2.Value(string_value=value)
        case Unknown():
            return struct_pb2.Value(string_value=_UNKNOWN_STRING)
        case Secret():
            return struct_pb2.Value(struct_value=encode({_SIGNATURE: _SECRET, "value": value.value}))
        case list() | tuple():
            items = struct_pb2.ListValue(values=[_encode(item) for item in value])
            return struct_pb2.Value(list_value=items)
        case dict():
            return struct_pb2.Value(struct_value=encode(value))
        case _:
            raise TypeError(f"{type(value).__name__} has no form in a property map")
