"""Every object of the simulated cloud, written through to SQLite so that it survives a restart."""

import copy
import json
import sqlite3
import threading
from pathlib import Path
from typing import Any

Document = dict[str, Any]


def public(document: Document) -> Document:
    """The document as the wire shows it: keys that start with `_` are the sandbox's own."""
    return {key: copy.deepcopy(value) for key, value in document.items() if not key.startswith("_")}


class Store:
    """Documents by kind and id, in order of creation.

    A kind is Exoscale's noun (`load-balancer`, `sks-cluster`). A document has an `id` and, where the
    kind is zonal, a `_zone`. Reads return copies: only `put` changes what is stored.

    Args:
        path: the SQLite file, or None to keep everything in memory.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._lock = threading.RLock()
        self._database = sqlite3.connect(path or ":memory:", check_same_thread=False)
        self._database.execute("pragma journal_mode=wal")
        self._database.execute("pragma synchronous=off")  # survives a killed process, not a power cut
        self._database.execute(
            "create table if not exists documents (kind text, id text, body text, primary key (kind, id))"
        )
        self._documents: dict[str, dict[str, Document]] = {}
        for kind, id_, body in self._database.execute("select kind, id, body from documents order by rowid"):
            self._documents.setdefault(kind, {})[id_] = json.loads(body)

    def get(self, kind: str, id_: str) -> Document | None:
        """The document, or None."""
        with self._lock:
            return copy.deepcopy(self._documents.get(kind, {}).get(id_))

    def list(self, kind: str, zone: str | None = None) -> list[Document]:
        """All documents of a kind, of one zone where it is given."""
        with self._lock:
            documents = self._documents.get(kind, {}).values()
            return [copy.deepcopy(d) for d in documents if zone is None or d.get("_zone") == zone]

    def kinds(self) -> tuple[str, ...]:
        """The kinds of which there is something."""
        with self._lock:
            return tuple(kind for kind, documents in self._documents.items() if documents)

    def put(self, kind: str, document: Document) -> None:
        """Creates or overwrites the document with this id."""
        with self._lock, self._database:
            self._documents.setdefault(kind, {})[document["id"]] = copy.deepcopy(document)
            self._database.execute(
                "insert into documents values (?, ?, ?) on conflict (kind, id) do update set body = excluded.body",
                (kind, document["id"], json.dumps(document)),
            )

    def delete(self, kind: str, id_: str) -> None:
        """Forgets the document; nothing happens where there is none."""
        with self._lock, self._database:
            self._documents.get(kind, {}).pop(id_, None)
            self._database.execute("delete from documents where kind = ? and id = ?", (kind, id_))

    def clear(self) -> None:
        """Forgets everything."""
        with self._lock, self._database:
            self._documents.clear()
            self._database.execute("delete from documents")

    def close(self) -> None:
        """Closes the database file."""
        with self._lock:
            self._database.close()
