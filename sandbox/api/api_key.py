"""API keys of people, programs and cluster addons. A secret is shown only once."""

from sandbox.api import quota
from sandbox.api.iam_role import KIND as ROLE
from sandbox.api.iam_role import owner
from sandbox.api.organization import KEY as KIND
from sandbox.api.organization import create_key
from sandbox.api.routes import Call, find, operation
from sandbox.cloud import Cloud
from sandbox.operations import ended
from sandbox.store import Document


@operation("list-api-keys")
def list_(cloud: Cloud, call: Call) -> Document:
    return {"api-keys": [_shown(cloud, key) for key in cloud.store.list(KIND)]}


@operation("get-api-key")
def get(cloud: Cloud, call: Call) -> Document:
    return _shown(cloud, find(cloud, KIND, call.path["id"]))


@operation("create-api-key")
def create(cloud: Cloud, call: Call) -> Document:
    """Returns the key itself, this one time with its secret. Names may repeat (assumed)."""
    role = find(cloud, ROLE, call.body["role-id"])
    quota.check(cloud, "iam-key")
    key = create_key(cloud, call.body["name"], role["id"])
    return {**_shown(cloud, key), "secret": key["_secret"]}


@operation("delete-api-key")
def delete(cloud: Cloud, call: Call) -> Document:
    """Refuses the key from the next call on. The operation has ended and has no reference, since a reference is a UUID
    and a key has none (assumed: recorded like this for SSH keys)."""
    cloud.store.delete(KIND, find(cloud, KIND, call.path["id"])["id"])
    return ended(cloud, call.operation_id)


def _shown(cloud: Cloud, key: Document) -> Document:
    return {"name": key["name"], "key": key["key"], "role-id": key.get("role-id") or owner(cloud)["id"]}
