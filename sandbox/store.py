"""Stores all objects of the simulated cloud, written through to SQLite so that they survive a restart.

Only this module decides who sees what: each document belongs to one organisation, and `Store.of` returns an
organisation's part of the store.
"""

import copy
import json
import sqlite3
import threading
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sandbox.index import Index

Document = dict[str, Any]
Documents = list[Document]

ORGANIZATION = "organization"
"""Kind of organisations. Each belongs to itself, so it sees only itself."""
DEFAULT_ORGANIZATION = "sandbox"
"""Name of the organisation that every store has; it owns documents that were put for nobody in particular."""


def public(document: Document) -> Document:
    """Returns the document as clients see it: keys that start with `_` are the sandbox's own."""
    return {key: copy.deepcopy(value) for key, value in document.items() if not key.startswith("_")}


class Store:
    """Documents by kind and id, in order of creation.

    A kind is Exoscale's noun (`load-balancer`, `sks-cluster`). A document has an `id`, `_organization` (the id of its
    organisation, set by the store) and, if the kind is zonal, a `_zone`. Reads return copies: only `put` changes what
    is stored.

    Args:
        path: the SQLite file, or None to keep everything in memory.
    """

    default_organization: str
    """Id of the organisation `sandbox`, created with the file and stored in it."""

    def __init__(self, path: Path | None = None) -> None:
        self._lock = threading.RLock()
        self._database = sqlite3.connect(path or ":memory:", check_same_thread=False)
        self._database.execute("pragma journal_mode=wal")
        self._database.execute("pragma synchronous=off")  # survives a killed process, not a power cut
        self._database.execute(
            "create table if not exists documents (kind text, id text, body text, primary key (kind, id))"
        )
        self._organization: str | None = None
        self._documents: dict[str, dict[str, Document]] = {}
        self._indexes: dict[str, dict[str, Index]] = {}
        for kind, id_, body in self._database.execute("select kind, id, body from documents order by rowid"):
            self._documents.setdefault(kind, {})[id_] = json.loads(body)
        self.default_organization = self.organization(DEFAULT_ORGANIZATION)
        for documents in self._documents.values():
            for document in documents.values():  # a version without organisations wrote documents without one
                document.setdefault("_organization", self.default_organization)

    def of(self, organization: str | None) -> "Store":
        """Returns a view of the store with only one organisation's documents; documents put there belong to it.

        Args:
            organization: its id. None returns the whole store, for work that concerns no single organisation.
        """
        view = copy.copy(self)  # the documents, the lock and the file are shared
        view._organization = organization
        return view

    def organization(self, name: str) -> str:
        """Returns the id of the organisation with this name, which is created if it is missing."""
        with self._lock:
            for document in self._documents.get(ORGANIZATION, {}).values():
                if document["name"] == name:
                    return str(document["id"])
            id_ = str(uuid.uuid4())
            self.of(id_).put(ORGANIZATION, {"id": id_, "name": name})
            return id_

    def owner(self, kind: str, id_: str) -> str:
        """Returns the id of the document's organisation.

        Raises:
            LookupError: there is no such document.
        """
        with self._lock:
            return str(self._documents[kind][id_]["_organization"])

    def get(self, kind: str, id_: str) -> Document | None:
        """Returns the document, or None."""
        with self._lock:
            document = self._documents.get(kind, {}).get(id_)
            return copy.deepcopy(document) if document is not None and self._sees(document) else None

    def list(self, kind: str, zone: str | None = None) -> list[Document]:
        """Returns all documents of a kind, or those in one zone."""
        with self._lock:
            documents = filter(self._sees, self._documents.get(kind, {}).values())
            return [copy.deepcopy(d) for d in documents if zone is None or d.get("_zone") == zone]

    def where(self, kind: str, path: str, value: str) -> Documents:
        """Returns the documents of a kind with this value at a path (see `Index`), in the order in which they got it.

        The cost does not depend on the number of other documents.
        """
        with self._lock:
            documents = self._documents.get(kind, {})
            return [copy.deepcopy(documents[id_]) for id_ in self._ids(kind, path, value)]

    def has(self, kind: str, path: str, value: str) -> bool:
        """Whether `where` would return any."""
        with self._lock:
            return bool(self._ids(kind, path, value))

    def count(self, kind: str) -> int:
        """Returns the number of documents of a kind."""
        with self._lock:
            if self._organization is None:
                return len(self._documents.get(kind, {}))
            return len(self._ids(kind, "_organization", self._organization))

    def kinds(self) -> tuple[str, ...]:
        """Returns the kinds of which there are documents."""
        with self._lock:
            kinds = self._documents.items()
            return tuple(kind for kind, documents in kinds if any(map(self._sees, documents.values())))

    def put(self, kind: str, document: Document) -> None:
        """Creates or overwrites the document with this id.

        Raises:
            PermissionError: it belongs to another organisation.
        """
        with self._lock, self._database:
            documents, id_ = self._documents.setdefault(kind, {}), document["id"]
            if id_ in documents and not self._sees(documents[id_]):
                raise PermissionError(f"{kind} {id_} belongs to another organisation")
            owner = self._organization
            if owner is None:
                owner = document.get("_organization") or self.default_organization
            owned = {**copy.deepcopy(document), "_organization": owner}
            self._reindex(kind, id_, documents.get(id_), owned)
            documents[id_] = owned
            self._database.execute(
                "insert into documents values (?, ?, ?) on conflict (kind, id) do update set body = excluded.body",
                (kind, id_, json.dumps(owned)),
            )

    def delete(self, kind: str, id_: str) -> None:
        """Deletes the document; does nothing if there is none."""
        with self._lock, self._database:
            documents = self._documents.get(kind, {})
            if id_ in documents and self._sees(documents[id_]):
                self._reindex(kind, id_, documents.pop(id_), None)
                self._database.execute("delete from documents where kind = ? and id = ?", (kind, id_))

    def clear(self) -> None:
        """Deletes everything except the default organisation."""
        with self._lock, self._database:
            for kind, documents in self._documents.items():
                gone = [id_ for id_, d in documents.items() if self._sees(d) and id_ != self.default_organization]
                for id_ in gone:
                    self._reindex(kind, id_, documents.pop(id_), None)
                rows = [(kind, id_) for id_ in gone]
                self._database.executemany("delete from documents where kind = ? and id = ?", rows)

    def close(self) -> None:
        """Closes the database file."""
        with self._lock:
            self._database.close()

    def _ids(self, kind: str, path: str, value: str) -> Sequence[str]:
        documents, indexes = self._documents.get(kind, {}), self._indexes.setdefault(kind, {})
        if path not in indexes:
            indexes[path] = Index(path, documents.values())
        return [id_ for id_ in indexes[path].ids(value) if self._sees(documents[id_])]

    def _reindex(self, kind: str, id_: str, old: Document | None, new: Document | None) -> None:
        for index in self._indexes.get(kind, {}).values():
            index.replace(id_, old, new)

    def _sees(self, document: Document) -> bool:
        return self._organization is None or document["_organization"] == self._organization
