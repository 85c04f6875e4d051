"""Which documents have a value at a place, without looking at all of them."""

from collections.abc import Iterable, Iterator
from typing import Any


class Index:
    """Ids of documents by the value that they have at one path, e.g. `name`, or `services.instance-pool.id`.

    A path leads through objects, and through each entry of a list; a document may have several values there, or none.

    Args:
        path: keys, with dots between them.
        documents: those that are there already.
    """

    def __init__(self, path: str, documents: Iterable[dict[str, Any]] = ()) -> None:
        self._keys = path.split(".")
        self._ids: dict[Any, dict[str, None]] = {}  # a dict and not a set: it keeps the order
        for document in documents:
            self.add(document)

    def ids(self, value: str) -> list[str]:
        """The documents with this value, in the order in which they got it."""
        return list(self._ids.get(value, ()))

    def add(self, document: dict[str, Any]) -> None:
        """Takes a document in."""
        for value in _values(document, self._keys):
            self._ids.setdefault(value, {})[document["id"]] = None

    def replace(self, old: dict[str, Any], new: dict[str, Any] | None) -> None:
        """Forgets what a document was, and takes in what it is, where it still is.

        Values that stay keep their places in the order.
        """
        kept = set(_values(new, self._keys)) if new is not None else set()
        for value in _values(old, self._keys):
            if value not in kept and (ids := self._ids.get(value)) is not None:
                ids.pop(old["id"], None)
                if not ids:
                    del self._ids[value]
        if new is not None:
            self.add(new)


def _values(found: Any, keys: list[str]) -> Iterator[str]:
    if isinstance(found, list):
        for item in found:
            yield from _values(item, keys)
    elif not keys:
        if isinstance(found, str):
            yield found
    elif isinstance(found, dict) and keys[0] in found:
        yield from _values(found[keys[0]], keys[1:])
