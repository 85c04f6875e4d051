"""The common part of the asynchronous families: an object's state during an operation and after its failure."""

from sandbox.api.errors import Conflict, OperationFailed
from sandbox.cloud import Cloud
from sandbox.operations import effect
from sandbox.store import Document


def subject(cloud: Cloud, kind: str, operation: Document) -> Document:
    """Returns the object of an operation.

    Raises:
        OperationFailed: somebody deleted it meanwhile.
    """
    id_ = operation["reference"]["id"]
    document = cloud.store.get(kind, id_)
    if document is None:
        raise OperationFailed("not-found", f"{_words(kind)} {id_} not found")
    return document


def refuse_unless_settled(kind: str, document: Document, settled: tuple[str, ...] = ("running", "error")) -> None:
    """Refuses a change of an object while another operation on it is in progress; the words are assumed.

    Raises:
        Conflict: its state is not one of `settled`.
    """
    if document["state"] not in settled:
        raise Conflict(f"{_words(kind)} {document['id']} is busy: {document['state']}")


def set_state(cloud: Cloud, kind: str, id_: str, state: str) -> None:
    """Sets the object's state; does nothing if the object is gone."""
    document = cloud.store.get(kind, id_)
    if document is not None:
        cloud.store.put(kind, {**document, "state": state})


def error_on_failure(kind: str, *operation_ids: str) -> None:
    """Registers that a failure of these operations sets their object's state to `error`."""

    def failed(cloud: Cloud, operation: Document) -> None:
        set_state(cloud, kind, operation["reference"]["id"], "error")

    for operation_id in operation_ids:
        effect(operation_id, "failed")(failed)


def _words(kind: str) -> str:
    return kind.replace("-", " ").capitalize()
