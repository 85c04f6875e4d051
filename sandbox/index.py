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
            self.replace(document["id"], None, document)

    def ids(self, value: str) -> list[str]:
        """The documents with this value, in the order in which they got it."""
        return list(self._ids.get(value, ()))

    def replace(self, id_: str, old: dict[str, Any] | None, new: dict[str, Any] | None) -> None:
        """Forgets what a document was and takes in what it is; None where it was not, or is no more.

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
