"""Organisations: the owners of API keys, and so of everything made with a key.

The store decides who sees what (`sandbox.store`); this module shows an organisation and makes its keys. Keys made over
the API are in `api_key.py`.
"""

import secrets

from sandbox.api.routes import Call, operation
from sandbox.cloud import Cloud
from sandbox.store import DEFAULT_ORGANIZATION, ORGANIZATION, Document, public

KEY = "api-key"


@operation("get-organization")
def get(cloud: Cloud, call: Call) -> Document:
    """Returns the key's own organisation, the only one that it sees."""
    (own,) = cloud.store.list(ORGANIZATION)
    return public(own)


def new_key(cloud: Cloud, name: str, organization: str = DEFAULT_ORGANIZATION) -> tuple[str, str]:
    """Makes an API key that may do everything, as in the organisation's console; returns key and secret.

    Args:
        cloud: the whole cloud; call with or without its lock.
        name: the key's name; may exist already.
        organization: name of the organisation, which is created if it is missing.
    """
    with cloud.lock:
        key = create_key(cloud.of(cloud.store.organization(organization)), name)
    return key["key"], key["_secret"]


def create_key(cloud: Cloud, name: str, role_id: str = "") -> Document:
    """Makes an API key of this cloud's organisation.

    Args:
        cloud: the organisation's cloud.
        name: the key's name; may exist already.
        role_id: id of the key's IAM role; without one, it has the owner's (`iam_role.owner`).
    """
    key = f"EXO{secrets.token_hex(12)}"
    document = {"id": key, "key": key, "name": name, "_secret": secrets.token_urlsafe(32)}
    if role_id:
        document["role-id"] = role_id
    cloud.store.put(KEY, document)
    return document


def find_key(cloud: Cloud, name: str) -> Document | None:
    """Returns the oldest API key of that name in this cloud's organisation."""
    return next(iter(cloud.store.where(KEY, "name", name)), None)
