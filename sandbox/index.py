"""Finds documents by a value without looking at all of them."""

from collections.abc import Iterable, Iterator
from typing import Any


class Index:
    """Ids of documents by their value at one path, e.g. `name`, or `services.instance-pool.id`.

    A path leads through objects, and through each entry of a list; a document may have several values there, or none.

    Args:
        path: keys, separated by dots.
        documents: the existing documents.
    """

    def __init__(self, path: str, documents: Iterable[dict[str, Any]] = ()) -> None:
        self._keys = path.split(".")
        self._ids: dict[Any, dict[str, None]] = {}  # a dict and not a set: it keeps the order
        for document in documents:
            self.replace(document["id"], None, document)

    def ids(self, value: str) -> list[str]:
        """Returns the documents with this value, in the order in which they got it."""
        return list(self._ids.get(value, ()))

    def replace(self, id_: str, old: dict[str, Any] | None, new: dict[str, Any] | None) -> None:
        """Replaces a document's old version by its new one; None for a document that did not exist, or no longer does.

        Values that stay keep their places in the order.
        """
        now = dict.fromkeys(_values(new, self._keys))
        for value in set(_values(old, self._keys)) - now.keys():
            del self._ids[value][id_]
            if not self._ids[value]:
                del self._ids[value]
        for value in now:
            self._ids.setdefault(value, {})[id_] = None


def _values(found: Any, keys: list[str]) -> Iterator[str]:
    if isinstance(found, list):
        for item in found:
            yield from _values(item, keys)
    elif not keys:
        if isinstance(found, str):
            yield found
    elif isinstance(found, dict) and keys[0] in found:
        yield from _values(found[keys[0]], keys[1:])
