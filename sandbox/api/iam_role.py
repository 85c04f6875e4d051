"""IAM roles of API keys. Policies are stored and shown, but not applied: here every key may do everything."""

from sandbox.api.errors import Conflict, Forbidden
from sandbox.api.iam_organization_policy import allowing
from sandbox.api.lifecycle import subject
from sandbox.api.organization import KEY
from sandbox.api.routes import Call, find, operation
from sandbox.cloud import Cloud
from sandbox.operations import effect
from sandbox.store import Document, public

KIND = "iam-role"
OWNER = "Owner"  # the role of keys without one, which are made in the console (its name is assumed)


@operation("list-iam-roles")
def list_(cloud: Cloud, call: Call) -> Document:
    owner(cloud)
    return {"iam-roles": [public(role) for role in cloud.store.list(KIND)]}


@operation("get-iam-role")
def get(cloud: Cloud, call: Call) -> Document:
    return public(find(cloud, KIND, call.path["id"]))


@operation("create-iam-role")
def create(cloud: Cloud, call: Call) -> Document:
    """Creates a role. Names may repeat (assumed)."""
    role = _new(cloud, **call.body)
    return _start(cloud, call, role)


@operation("update-iam-role")
def update(cloud: Cloud, call: Call) -> Document:
    return _start(cloud, call, find(cloud, KIND, call.path["id"]), call.body)


@operation("update-iam-role-policy")
def update_policy(cloud: Cloud, call: Call) -> Document:
    """Changes the policy, unless the role is not editable, as the OpenAPI document says; the refusal's words are
    assumed."""
    role = find(cloud, KIND, call.path["id"])
    if not role["editable"]:
        raise Forbidden(f"The policy of IAM role {role['id']} is not editable")
    return _start(cloud, call, role, {"policy": call.body})


@operation("delete-iam-role")
def delete(cloud: Cloud, call: Call) -> Document:
    role = find(cloud, KIND, call.path["id"])
    if cloud.rules.iam_role_with_keys_refused and _keys(cloud, role):
        raise Conflict(f"IAM role {role['id']} is in use by API keys")
    return _start(cloud, call, role)


@effect("update-iam-role", "finish")
@effect("update-iam-role-policy", "finish")
def changed(cloud: Cloud, operation: Document) -> None:
    cloud.store.put(KIND, {**subject(cloud, KIND, operation), **operation["_args"]})


@effect("create-iam-role", "failed")
@effect("delete-iam-role", "finish")
def deleted(cloud: Cloud, operation: Document) -> None:
    cloud.store.delete(KIND, operation["reference"]["id"])


def owner(cloud: Cloud) -> Document:
    """Returns the owner's role, which every organisation has from the beginning."""
    for role in cloud.store.where(KIND, "name", OWNER):
        if role.get("_owner"):
            return role
    return _new(cloud, name=OWNER, description="Organization owner", editable=False, _owner=True)


def create_for_cluster(cloud: Cloud, name: str) -> Document:
    """Makes the role of a cluster's addon, which is deleted with the addon's key (docs/exoscale.md, Clusters)."""
    return _new(cloud, name=name, editable=False)


def _new(cloud: Cloud, **fields: object) -> Document:
    """Adds the fields that clients read without a nil check: whether it is editable, its policy, permissions and
    labels."""
    given: Document = {"editable": True, "labels": {}, "permissions": [], "policy": allowing(), **fields}
    role = {"id": cloud.ids.uuid(), **given}
    cloud.store.put(KIND, role)
    return role


def _keys(cloud: Cloud, role: Document) -> list[Document]:
    """Returns the keys with this role; keys without a role have the owner's."""
    keys = cloud.store.list(KEY)
    return [key for key in keys if key.get("role-id") == role["id"] or (role.get("_owner") and "role-id" not in key)]


def _start(cloud: Cloud, call: Call, role: Document, changes: Document | None = None) -> Document:
    return cloud.operations.start(call.operation_id, KIND, role["id"], args=changes)
