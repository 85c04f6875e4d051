"""Organisations: whom API keys belong to, and with them everything that is made with a key.

The store decides who sees what (`sandbox.store`); here an organisation tells who it is, and gets its keys. Keys that
are made over the API are in `api_key.py`.
"""

import secrets

from sandbox.api.routes import Call, operation
from sandbox.cloud import Cloud
from sandbox.store import DEFAULT_ORGANIZATION, ORGANIZATION, Document, public

KEY = "api-key"


@operation("get-organization")
def get(cloud: Cloud, call: Call) -> Document:
    """The key's own, which is the only one that it sees."""
    (own,) = cloud.store.list(ORGANIZATION)
    return public(own)


def new_key(cloud: Cloud, name: str, organization: str = DEFAULT_ORGANIZATION) -> tuple[str, str]:
    """Key and secret of a new API key that may do everything, as made in the organisation's console.

    Args:
        cloud: the whole cloud; call without its lock, or with it.
        name: of the key; need not be new.
        organization: name of the organisation, which is made where it is missing.
    """
    with cloud.lock:
        key = create_key(cloud.of(cloud.store.organization(organization)), name)
    return key["key"], key["_secret"]


def create_key(cloud: Cloud, name: str, role_id: str = "") -> Document:
    """A new API key of the organisation whose cloud this is.

    Args:
        cloud: the organisation's.
        name: need not be new.
        role_id: of the IAM role that the key has; without one, it is the owner's (`iam_role.owner`).
    """
    key = f"EXO{secrets.token_hex(12)}"
    document = {"id": key, "key": key, "name": name, "_secret": secrets.token_urlsafe(32)}
    if role_id:
        document["role-id"] = role_id
    cloud.store.put(KEY, document)
    return document


def find_key(cloud: Cloud, name: str) -> Document | None:
    """The oldest API key of that name, of the organisation whose cloud this is."""
    return next(iter(cloud.store.where(KEY, "name", name)), None)
