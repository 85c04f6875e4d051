"""The official OpenAPI document: finds the operation of a request, and validates requests and answers."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from typing import Any
from urllib.parse import quote, unquote

from jsonschema.validators import extend  # type: ignore[import-untyped]
from openapi_schema_validator import OAS30Validator
from referencing import Registry, Specification

from sandbox.api.errors import BadRequest

METHODS = frozenset({"get", "put", "post", "delete"})
MAX_DEPTH = 32  # levels of a body; the deepest in the document has 7
_SHOWN = 200  # characters shown of an error, which quotes the wrong value
_ROOT = "urn:exoscale"
_PARAMETER = re.compile(r"\{([^}]+)\}")


class InvalidAnswer(Exception):
    """A handler of the sandbox returned an answer that the OpenAPI document does not allow: a bug of ours."""


@dataclass(frozen=True)
class Operation:
    """One operation of the document, e.g. `PUT /instance-pool/{id}:scale`."""

    id: str
    method: str
    template: str
    definition: dict[str, Any]

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Matches an escaped path. A parameter has no colon, which distinguishes `/{id}` from `/{id}:scale`."""
        parts = _PARAMETER.split(self.template)  # texts at even places, names at odd ones
        return re.compile("".join("([^/:]+)" if index % 2 else re.escape(part) for index, part in enumerate(parts)))

    @cached_property
    def names(self) -> list[str]:
        """The path parameters in order."""
        return _PARAMETER.findall(self.template)

    @property
    def specificity(self) -> list[bool]:
        """Sorts `/service/{id}` before `/{id}/{field}`: a literal precedes a parameter, from the left."""
        return ["{" in segment for segment in self.template.split("/")]


class OpenApi:
    """The operations of one OpenAPI 3.0 document. Thread-safe; validators are compiled on first use."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.operations = {
            definition["operationId"]: Operation(definition["operationId"], method, template, definition)
            for template, item in document["paths"].items()
            for method, definition in item.items()
            if method in METHODS
        }
        self._by_noun: dict[str, list[Operation]] = {}
        for operation in sorted(self.operations.values(), key=lambda each: each.specificity):
            self._by_noun.setdefault(_noun(operation.template), []).append(operation)
        resource = Specification.OPAQUE.create_resource(document)
        self._registry: Registry[Any] = Registry().with_resource(_ROOT, resource)
        self._validators: dict[tuple[str, ...], Any] = {}

    @cached_property
    def zones(self) -> list[str]:
        """The names of all zones."""
        names: list[str] = self.schema("zone-name")["enum"]
        return names

    def schema(self, name: str) -> dict[str, Any]:
        """Returns one of the document's named schemas."""
        schema: dict[str, Any] = self._registry.contents(_ROOT)["components"]["schemas"][name]
        return schema

    def match(self, method: str, path: str) -> tuple[Operation, dict[str, str]] | None:
        """Returns the operation of a request, and its path parameters.

        Args:
            method: in any case.
            path: as sent, still escaped, without `/v2`.
        """
        for operation in self._by_noun.get(_noun(path), ()):
            if operation.method == method.lower() and (found := operation.pattern.fullmatch(path)):
                return operation, dict(zip(operation.names, map(unquote, found.groups()), strict=True))
        return None

    def request(
        self, operation: Operation, path: dict[str, str], query: Iterable[tuple[str, str]], raw_body: bytes
    ) -> tuple[dict[str, str], dict[str, Any], frozenset[str]]:
        """Checks a request and returns its query parameters, its body and the keys of the body that were null.

        Wherever the document allows null, it means "not given", except for a cluster's `oidc`, and such keys are
        removed: the v3 clients cannot omit `oidc`, `feature-gates` and `deploy-target` (docs/exoscale.md, Clusters).
            Keys that are
        not in the document are removed too: no client may choose an object's id or state.

        Raises:
            BadRequest: has one entry in `errors` for each mistake.
        """
        values = dict(query)
        errors: list[str] = []
        for index, parameter in enumerate(operation.definition.get("parameters", [])):
            name = parameter["name"]
            given = (path if parameter["in"] == "path" else values).get(name)
            if given is None:
                errors += [f"{name}: required"] if parameter["required"] else []
                continue
            place = ("parameters", str(index), "schema")
            errors += self._errors(operation, place, _typed(parameter["schema"], given), name)
        body: Any = {}
        if expected := operation.definition.get("requestBody"):
            if raw_body:
                body = _parsed(raw_body)
                errors += self._errors(operation, ("requestBody", "content", "application/json", "schema"), body)
            elif expected.get("required"):
                errors.append("body: required")
        if errors:
            raise BadRequest("Invalid request: " + "; ".join(errors), errors)
        known = self._keys(operation)
        kept = {key: value for key, value in body.items() if key in known}
        return values, _without_nulls(kept), frozenset(key for key, value in kept.items() if value is None)

    def answer(self, operation: Operation, body: Any) -> None:
        """Checks the answer of a handler.

        Raises:
            InvalidAnswer: names the operation, the place in the schema, and the reason.
        """
        place = ("responses", "200", "content", "application/json", "schema")
        for error in self._validator(operation, place).iter_errors(body):
            where = "/".join(str(step) for step in error.absolute_path)
            schema = "/".join(str(step) for step in error.absolute_schema_path if step != "$ref")
            raise InvalidAnswer(f"answer of {operation.id} at '{where}' breaks '{schema}': {error.message}")

    def _errors(self, operation: Operation, place: tuple[str, ...], value: Any, name: str = "") -> list[str]:
        def told(error: Any) -> str:
            where = ".".join([*filter(None, [name]), *map(str, error.absolute_path)]) or "body"
            return f"{_shortened(where)}: {_shortened(error.message)}"

        return sorted(map(told, self._validator(operation, place).iter_errors(value)))

    def _keys(self, operation: Operation) -> set[str]:
        """Returns the schema of a request's body."""
        if "requestBody" not in operation.definition:
            return set()
        schema = operation.definition["requestBody"]["content"]["application/json"]["schema"]
        while "$ref" in schema:
            schema = self.schema(schema["$ref"].rpartition("/")[2])
        return set(schema["properties"])

    def _validator(self, operation: Operation, place: tuple[str, ...]) -> Any:
        key = (operation.id, *place)
        if key not in self._validators:
            steps = ("paths", operation.template, operation.method, *place)
            pointer = "/".join(quote(step.replace("~", "~0").replace("/", "~1")) for step in steps)
            self._validators[key] = _validator_class()(
                {"$ref": f"{_ROOT}#/{pointer}"},
                registry=self._registry,
                format_checker=OAS30Validator.FORMAT_CHECKER,
            )
        return self._validators[key]


@cache
def official() -> OpenApi:
    """Loads the document in the `exoscale` package."""
    return OpenApi(json.loads(files("exoscale").joinpath("openapi.json").read_bytes()))


@cache
def _validator_class() -> Any:
    follow = OAS30Validator.VALIDATORS["$ref"]

    def reference(validator: Any, target: str, instance: Any, schema: dict[str, Any]) -> Any:
        # The document has `nullable` beside a `$ref`, where plain OpenAPI 3.0 ignores it.
        return () if instance is None and schema.get("nullable") else follow(validator, target, instance, schema)

    return extend(OAS30Validator, {"$ref": reference})


def _noun(path: str) -> str:
    return path.split("/", 2)[1] if path.startswith("/") else ""


def _typed(schema: dict[str, Any], text: str) -> Any:
    """Converts a parameter's text to its schema's type, or leaves it unchanged so that the validation refuses it."""
    if schema.get("type") == "integer" and re.fullmatch(r"-?\d+", text):
        return int(text)
    if schema.get("type") == "boolean" and text in ("true", "false"):
        return text == "true"
    return text


def _parsed(raw: bytes) -> Any:
    """Parses the body, which must be an object.

    Raises:
        BadRequest: it is not JSON, not an object, nested too deeply, or has text that cannot be encoded in an answer.
    """
    try:
        body = json.loads(raw.decode(), parse_constant=_no_number)
        json.dumps(body, ensure_ascii=False).encode()  # half of a surrogate pair cannot be encoded
    except UnicodeError:
        raise BadRequest("Invalid request: the body is not UTF-8", ["body: not UTF-8"]) from None
    except (ValueError, RecursionError) as error:
        raise BadRequest("Invalid request: the body is not JSON", [f"body: {_shortened(str(error))}"]) from None
    if not isinstance(body, dict):
        raise BadRequest("Invalid request: the body is not an object", ["body: not an object"])
    if _is_deeper(body, MAX_DEPTH):
        raise BadRequest("Invalid request: the body is nested too deeply", [f"body: more than {MAX_DEPTH} levels"])
    return body


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON's")  # Python would accept and return it


def _is_deeper(value: Any, levels: int) -> bool:
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return levels < 0 or any(_is_deeper(item, levels - 1) for item in inside)


def _shortened(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    return [_without_nulls(item) for item in value] if isinstance(value, list) else value
