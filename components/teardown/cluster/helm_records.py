"""Helm's records of operations that were killed. Until such a record is gone, Helm refuses the release's name.

Helm 3 keeps a Secret for each revision of a release, labelled with its status (helm/helm v3, `pkg/storage/driver`).
While the status is pending it refuses to install (`cannot re-use a name that is still in use`, `pkg/action/install.go`)
and to upgrade (`another operation … is in progress`, `pkg/action/upgrade.go`). What a killed install made stays in the
cluster: it carries the release's name, so the next install adopts it.
"""

import base64
import gzip
import json
from collections.abc import Iterator
from typing import Any

from ..cloud.account import Document
from ..cloud.stack_ref import StackRef
from .api_server import ApiServer, Say

_SECRETS = "/api/v1/secrets"
_PENDING = ("pending-install", "pending-upgrade", "pending-rollback")
_SELECTOR = f"owner=helm,status in ({','.join(_PENDING)})"


def unfinished(server: ApiServer, stack: StackRef) -> list[Document]:
    """Returns the records of unfinished operations on releases that this stack installs, in every namespace.

    A release is the stack's if a text in its values, such as the description of the load balancer, describes something
    as this stack's, by name and id. The id alone is no proof: a copy of the state under another name has it too, and
    an operation of the original may be under way. The caller has to know that none of the stack's own is.
    """
    found = server.items(_SECRETS, labelSelector=_SELECTOR)
    return [secret for secret in found if _is_pending(secret) and stack in _stacks(_values(secret))]


def forget(server: ApiServer, stack: StackRef, say: Say) -> None:
    """Deletes these records, so that Helm takes the names again."""
    for secret in unfinished(server, stack):
        space, name = secret["metadata"]["namespace"], secret["metadata"]["name"]
        labels = secret["metadata"]["labels"]
        say(f"deleting Helm's record of the {labels['status']} of release {space}/{labels.get('name', name)}")
        server.delete(f"/api/v1/namespaces/{space}/secrets/{name}")


def forget_release(server: ApiServer, stack: StackRef, namespace: str, release: str, say: Say) -> None:
    """Deletes the records of all revisions of a release, if it is the stack's: what it installed stays in the cluster,
    and the next install of that name adopts it."""
    path = f"/api/v1/namespaces/{namespace}/secrets"
    for secret in server.items(path, labelSelector=f"owner=helm,name={release}"):
        if stack in _stacks(_values(secret)):
            say(f"deleting Helm's record of release {namespace}/{release}, so that it can be installed again")
            server.delete(f"{path}/{secret['metadata']['name']}")


def _is_pending(secret: Document) -> bool:
    labels = secret["metadata"].get("labels") or {}
    return labels.get("owner") == "helm" and labels.get("status") in _PENDING


def _values(secret: Document) -> Any:
    """Returns the values that the release was given; None if this is not a readable record."""
    try:
        packed = base64.b64decode(base64.b64decode(secret["data"]["release"]))
        return json.loads(gzip.decompress(packed)).get("config")
    except (KeyError, ValueError, OSError, EOFError, AttributeError):
        return None


def _stacks(values: Any) -> Iterator[StackRef]:
    """Yields the stacks, with their ids, that a text somewhere in the values names."""
    if isinstance(values, str):
        said = StackRef.said(values)
        yield from [said] if said and said.id else []
    elif isinstance(values, dict | list):
        for value in values.values() if isinstance(values, dict) else values:
            yield from _stacks(value)
