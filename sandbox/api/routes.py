"""The handlers of the OpenAPI document's operations."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sandbox.api.errors import NotFound
from sandbox.cloud import Cloud
from sandbox.store import Document


@dataclass(frozen=True)
class Call:
    """One request, already authenticated and valid against the OpenAPI document.

    `path` and `query` hold the parameters by their OpenAPI names (`id`, `sks-nodepool-id`), `body` the JSON
    object without the keys that were null (a client that cannot omit a key sends null for "not given"). `nulls`
    names those keys, for the only one for which null has a meaning (docs/exoscale.md, Clusters).
    """

    operation_id: str
    zone: str = "ch-gva-2"
    path: dict[str, str] = field(default_factory=dict)
    query: dict[str, str] = field(default_factory=dict)
    body: dict[str, Any] = field(default_factory=dict)
    nulls: frozenset[str] = frozenset()
    key: str = ""
    through_proxy: bool = False  # the client used the real host name, so the answer has real host names
    root: str = ""  # root of this server's URLs, e.g. http://127.0.0.1:8080


Handler = Callable[[Cloud, Call], Document]
HANDLERS: dict[str, Handler] = {}


def operation(operation_id: str) -> Callable[[Handler], Handler]:
    """Registers the decorated function as this operation's handler. It runs with `cloud.lock` held, and returns the
    JSON body of a 200 or raises an ApiError."""

    def register(handler: Handler) -> Handler:
        HANDLERS[operation_id] = handler
        return handler

    return register


def find(cloud: Cloud, kind: str, id_: str, zone: str = "") -> Document:
    """Returns the object of that kind and id (in that zone, for a zonal kind), or raises the API's 404."""
    document = cloud.store.get(kind, id_)
    if document is None or (zone and document.get("_zone") != zone):
        raise NotFound(f"{kind.replace('-', ' ').capitalize()} {id_} not found")
    return document
