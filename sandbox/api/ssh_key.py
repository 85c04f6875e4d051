"""SSH keys: public keys that instances trust, identified by name. Nobody can log in here."""

import base64
import binascii
import hashlib

from sandbox.api.errors import BadRequest, Conflict, NotFound
from sandbox.api.routes import Call, operation
from sandbox.cloud import Cloud
from sandbox.operations import ended
from sandbox.store import Document, public

KIND = "ssh-key"


@operation("list-ssh-keys")
def list_(cloud: Cloud, call: Call) -> Document:
    return {"ssh-keys": [_shown(key) for key in cloud.store.list(KIND)]}


@operation("get-ssh-key")
def get(cloud: Cloud, call: Call) -> Document:
    return _shown(named(cloud, call.path["name"]))


@operation("register-ssh-key")
def register(cloud: Cloud, call: Call) -> Document:
    """Registers a key. Returns an operation that has already ended and has no reference, as recorded (docs/exoscale.md,
    Operations). A taken name is a 409, as recorded; the words are assumed."""
    name = call.body["name"]
    if cloud.store.has(KIND, "name", name):
        raise Conflict(f"SSH key {name} already exists")
    fingerprint = _fingerprint(call.body["public-key"])
    cloud.store.put(KIND, {"id": cloud.ids.uuid(), "name": name, "fingerprint": fingerprint})
    return ended(cloud, call.operation_id)


@operation("delete-ssh-key")
def delete(cloud: Cloud, call: Call) -> Document:
    """Deletes a key. Instances and pools that were made with it keep its name (assumed)."""
    cloud.store.delete(KIND, named(cloud, call.path["name"])["id"])
    return ended(cloud, call.operation_id)


def named(cloud: Cloud, name: str) -> Document:
    """Returns the key of that name.

    Raises:
        NotFound: there is no such key.
    """
    for key in cloud.store.where(KIND, "name", name):
        return key
    raise NotFound(f"SSH key {name} not found")


def _shown(key: Document) -> Document:
    return {name: value for name, value in public(key).items() if name != "id"}


def _fingerprint(public_key: str) -> str:
    """Returns the key's MD5 fingerprint, as `ssh-keygen -E md5` writes it (the real cloud's hash is assumed).

    Raises:
        BadRequest: it is not a public key in OpenSSH's format (words assumed).
    """
    kind, _, rest = public_key.strip().partition(" ")
    try:
        blob = base64.b64decode(rest.split(" ")[0], validate=True)
    except (binascii.Error, ValueError):
        blob = b""
    if not kind or blob[4 : 4 + len(kind)] != kind.encode():  # the blob begins with the kind's length, and the kind
        raise BadRequest("Invalid public key", ["public-key: not an OpenSSH public key"])
    digest = hashlib.md5(blob, usedforsecurity=False).hexdigest()
    return ":".join(digest[index : index + 2] for index in range(0, len(digest), 2))
