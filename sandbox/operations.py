"""Asynchronous operations: every change is answered with `pending` and takes effect when it is due.

Exoscale's v3 client takes an immediate `failure` for a success (docs/exoscale.md, Operations), so each operation
starts as `pending`, with the reference to its object.
"""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sandbox.api.errors import OperationFailed
from sandbox.store import Document, public

if TYPE_CHECKING:
    from sandbox.cloud import Cloud

KEPT_SECONDS = 3600  # how long an ended operation is kept; assumed, no client asks for one after it has ended

Effect = Callable[["Cloud", Document], None]


@dataclass
class Effects:
    """The effects of an operation after its reply. Each gets the cloud of the operation's organisation, and the
    operation's document (including `_args`).

    `work` runs in a thread without the cloud's lock and may take long; after a restart it runs again, so it
    must be safe to re-run. `finish` runs under the lock once the work is done and the time is up.
    `failed` runs under the lock instead, if `work` or `finish` raised OperationFailed.
    """

    work: Effect | None = None
    finish: Effect | None = None
    failed: Effect | None = None


EFFECTS: dict[str, Effects] = {}


def effect(operation_id: str, stage: str) -> Callable[[Effect], Effect]:
    """Registers the decorated function as this operation's `work`, `finish` or `failed`."""

    def register(function: Effect) -> Effect:
        setattr(EFFECTS.setdefault(operation_id, Effects()), stage, function)
        return function

    return register


def ended(cloud: "Cloud", operation_id: str) -> Document:
    """Returns an operation that took effect with the call: a `success` without a reference, as in the real API for
    objects that have a name but no id (docs/exoscale.md, Operations).

    Args:
        cloud: the cloud of the caller's organisation.
        operation_id: as in the OpenAPI document.
    """
    document = {"id": cloud.ids.uuid(), "state": "success", "_operation": operation_id}
    cloud.store.put("operation", document)
    cloud.operations.has_ended(document["id"])
    return public(document)


class Operations:
    """The operations of one cloud. `cloud.lock` guards every call."""

    def __init__(self, cloud: "Cloud") -> None:
        self._cloud = cloud
        self._outcomes: dict[str, OperationFailed | None] = {}
        self._working: set[threading.Thread] = set()
        # Ids only, so that a tick costs the same after thousands of ended operations.
        operations, now = cloud.store.list("operation"), cloud.clock.now()
        self._open = [item["id"] for item in operations if item["state"] == "pending"]
        self._ended = deque((now, item["id"]) for item in operations if item["state"] != "pending")

    def start(
        self, operation_id: str, noun: str, object_id: str, zone: str = "", args: dict[str, Any] | None = None
    ) -> Document:
        """Records a pending operation and returns it as the answer to the POST, PUT or DELETE. It belongs to the
        organisation of its object.

        Args:
            operation_id: as in the OpenAPI document, e.g. `create-load-balancer`; selects the effects.
            noun: kind of the object that `reference` points to (for a rule, its security group).
            object_id: id of that object, which must be in the store.
            zone: the object's zone; empty for a global one.
            args: arguments for the effects, kept as `_args`.
        """
        cloud = self._cloud
        document: Document = {
            "id": cloud.ids.uuid(),
            "state": "pending",
            "reference": {"id": object_id, "link": f"/v2/{noun}/{object_id}", "command": f"get-{noun}"},
            "_organization": cloud.store.owner(noun, object_id),
            "_zone": zone,
            "_operation": operation_id,
            "_args": args or {},
            "_due": cloud.clock.now() + cloud.clock.duration(operation_id),
        }
        failure = cloud.faults.operation_failure(operation_id)
        if failure:
            document["_failure"] = [failure.reason, failure.message]
        cloud.store.put("operation", document)
        self._open.append(document["id"])
        if not failure:
            self._begin(document)
        return public(document)

    def resume(self) -> None:
        """Starts the work of every operation that a stopped sandbox left pending."""
        for document in self._pending():
            if "_failure" not in document:
                self._begin(document)

    @property
    def is_any_open(self) -> bool:
        """Whether a tick could end an operation; needs no lock."""
        return bool(self._open)

    def tick(self) -> None:
        """Ends every operation whose time is up and whose work is done, and forgets those that ended long ago."""
        now = self._cloud.clock.now()
        for document in self._pending():
            if document["_due"] <= now:
                self._end(document)
        while self._ended and self._ended[0][0] + KEPT_SECONDS < now:
            self._cloud.store.delete("operation", self._ended.popleft()[1])

    def has_ended(self, id_: str) -> None:
        """Schedules an ended operation to be forgotten."""
        self._ended.append((self._cloud.clock.now(), id_))

    def join(self) -> None:
        """Waits for the work in progress; call it without the cloud's lock."""
        with self._cloud.lock:  # operations begin under the lock, so these have all been started
            working = list(self._working)
        for thread in working:
            thread.join()

    def _pending(self) -> list[Document]:
        documents = [self._cloud.store.get("operation", id_) for id_ in self._open]
        pending = [item for item in documents if item is not None and item["state"] == "pending"]
        self._open = [item["id"] for item in pending]
        return pending

    def _begin(self, document: Document) -> None:
        work = EFFECTS.get(document["_operation"], Effects()).work
        if work is None:
            self._outcomes[document["id"]] = None
            return
        thread = threading.Thread(target=self._work, args=(work, document), name=document["_operation"], daemon=True)
        self._working.add(thread)
        thread.start()

    def _work(self, work: Effect, document: Document) -> None:
        outcome: OperationFailed | None = None
        try:
            work(self._cloud_of(document), document)
        except OperationFailed as failed:
            outcome = failed
        except Exception as error:
            outcome = self._broken(document, error)
        with self._cloud.lock:
            self._outcomes[document["id"]] = outcome
            self._working.discard(threading.current_thread())

    def _end(self, document: Document) -> None:
        if "_failure" in document:
            outcome: OperationFailed | None = OperationFailed(*document["_failure"])
        elif document["id"] in self._outcomes:
            outcome = self._outcomes.pop(document["id"])
        else:
            return  # the work still runs
        effects = EFFECTS.get(document["_operation"], Effects())
        if outcome is None and effects.finish:
            try:
                effects.finish(self._cloud_of(document), document)
            except OperationFailed as failed:
                outcome = failed
            except Exception as error:
                outcome = self._broken(document, error)
        if outcome is None:
            document["state"] = "success"
        else:
            document |= {"state": "failure", "reason": outcome.reason, "message": outcome.message}
            if effects.failed:
                effects.failed(self._cloud_of(document), document)
        self._cloud.store.put("operation", document)
        self.has_ended(document["id"])

    def _cloud_of(self, document: Document) -> "Cloud":
        return self._cloud.of(document["_organization"])

    def _broken(self, document: Document, error: Exception) -> OperationFailed:
        """Fails an operation after a bug of ours or an error of this machine, so that the client does not wait for
        ever."""
        self._cloud.log.error("%s failed", document["_operation"], exc_info=error)
        return OperationFailed("fault", f"{type(error).__name__}: {error}")
