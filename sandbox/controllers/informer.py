"""A local copy of one kind of object, maintained by list and watch."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from sandbox.controllers.cluster import Away, Cluster, Refused
from sandbox.controllers.objects import Object, key_of

GONE = 410
RECONNECT_SECONDS = 0.2

Change = Callable[[Object | None, Object | None], None]


class Informer:
    """Mirrors the objects and reports each change.

    Args:
        cluster: cluster of the objects.
        path: path of their list.
        changed: called with the old object (None if it is new) and the new one (None if it is gone).
        log: logger for errors.
    """

    def __init__(self, cluster: Cluster, path: str, changed: Change, log: logging.Logger) -> None:
        self._cluster = cluster
        self._path = path
        self._changed = changed
        self._log = log
        self._objects: dict[str, Object] = {}
        self._version = ""
        self._listed = False
        self._condition = threading.Condition()
        self.synced = threading.Event()

    def objects(self) -> list[Object]:
        """Returns all of them; callers must not change them."""
        with self._condition:
            return list(self._objects.values())

    def get(self, key: str) -> Object | None:
        """Returns one by its key, or None; callers must not change it."""
        with self._condition:
            return self._objects.get(key)

    def await_version(self, key: str, version: str, seconds: float) -> None:
        """Waits until the copy of an object is at least as new as our own last write.

        Without this, a controller whose cloud answers at once would act on a copy from before its own patch. The real
        one does not, only because operations take seconds.
        """

        def arrived() -> bool:
            copy = self._objects.get(key)
            return copy is None or int(copy["metadata"]["resourceVersion"]) >= int(version)

        with self._condition:
            self._condition.wait_for(arrived, seconds)

    def run(self, stopping: threading.Event) -> None:
        """Lists, then watches until stopped; survives an API server that goes away and comes back."""
        try:
            while not stopping.is_set():
                self._follow(stopping)
        finally:
            self.synced.set()  # ends the wait for a controller that is dead

    def _follow(self, stopping: threading.Event) -> None:
        try:
            if not self._listed:
                self._list()
            self._watch()
        except Refused as refused:
            if refused.status == GONE:
                self._listed = False  # the API server has dropped this version: list again
            else:
                self._log.warning("watch refused: %s", refused)
                stopping.wait(RECONNECT_SECONDS)
        except Away as away:
            self._log.debug("watch broken: %s", away)
            stopping.wait(RECONNECT_SECONDS)

    def _list(self) -> None:
        answer = self._cluster.list(self._path)
        objects = {key_of(item): item for item in answer["items"]}
        for key in [key for key in self._objects if key not in objects]:
            self._take(key, None)
        for key, item in objects.items():
            self._take(key, item)
        self._version = answer["metadata"]["resourceVersion"]
        self._listed = True
        self.synced.set()

    def _watch(self) -> None:
        began = time.monotonic()
        for event in self._cluster.watch(self._path, self._version):
            self._event(event)
        if time.monotonic() - began < RECONNECT_SECONDS:
            raise ConnectionError("the watch ended as soon as it began")

    def _event(self, event: dict[str, Any]) -> None:
        object_: Object = event["object"]
        if event["type"] == "ERROR":
            raise Refused(object_["code"], object_["message"])
        self._version = object_["metadata"]["resourceVersion"]
        if event["type"] != "BOOKMARK":
            self._take(key_of(object_), None if event["type"] == "DELETED" else object_)

    def _take(self, key: str, object_: Object | None) -> None:
        with self._condition:
            old = self._objects.get(key)
            if object_ is None:
                self._objects.pop(key, None)
            else:
                self._objects[key] = object_
            self._condition.notify_all()
        if old is not None or object_ is not None:
            self._changed(old, object_)
