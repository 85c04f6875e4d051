"""The fields of a request that describe machines, for an instance or a pool."""

from sandbox.api.attachment import identifier, references
from sandbox.api.catalogue import instance_type, template
from sandbox.api.errors import BadRequest
from sandbox.api.routes import Call, find
from sandbox.api.ssh_key import named
from sandbox.cloud import Cloud
from sandbox.store import Document


def described(cloud: Cloud, call: Call) -> Document:
    """Returns the body in its stored form: references reduced to ids, and IPv6 in both of its fields.

    Raises:
        NotFound: a referenced object does not exist.
        BadRequest: a reference has no id.
    """
    body = {**call.body, **references(cloud, call)}
    if "instance-type" in body:
        body["instance-type"] = {"id": instance_type(identifier(body["instance-type"], "instance-type"))["id"]}
    if "template" in body:
        body["template"] = {"id": template(identifier(body["template"], "template"))["id"]}
    if "deploy-target" in body:
        target = find(cloud, "deploy-target", identifier(body["deploy-target"], "deploy-target"), call.zone)
        body["deploy-target"] = {"id": target["id"]}
    if "ssh-key" in body:
        body["ssh-key"] = _ssh_key(cloud, body["ssh-key"])
    if "ssh-keys" in body:
        body["ssh-keys"] = [_ssh_key(cloud, key) for key in body["ssh-keys"]]
    if "public-ip-assignment" in body:
        body["ipv6-enabled"] = body["public-ip-assignment"] == "dual"
    elif "ipv6-enabled" in body:
        body["public-ip-assignment"] = "dual" if body["ipv6-enabled"] else "inet4"
    return body


def _ssh_key(cloud: Cloud, reference: Document) -> Document:
    if "name" not in reference:
        raise BadRequest("ssh-key: a reference without a name", ["ssh-key: name is missing"])
    return {"name": named(cloud, reference["name"])["name"]}
