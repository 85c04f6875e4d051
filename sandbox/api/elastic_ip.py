"""Elastic IPs: public addresses that instances share or hand over. They cost money, attached or not."""

from sandbox.api import address, attachment, quota
from sandbox.api.errors import BadRequest, Conflict
from sandbox.api.lifecycle import subject
from sandbox.api.routes import Call, find, operation
from sandbox.cloud import Cloud
from sandbox.operations import effect
from sandbox.store import Document, public

KIND = "elastic-ip"
KEY = "elastic-ips"  # of an instance

# The OpenAPI document's defaults of a health check; the provider reads all four without a nil check.
HEALTHCHECK = {"interval": 10, "timeout": 2, "strikes-ok": 2, "strikes-fail": 3}


@operation("list-elastic-ips")
def list_(cloud: Cloud, call: Call) -> Document:
    return {"elastic-ips": [public(elastic) for elastic in cloud.store.list(KIND, call.zone)]}


@operation("get-elastic-ip")
def get(cloud: Cloud, call: Call) -> Document:
    return public(find(cloud, KIND, call.path["id"], call.zone))


@operation("create-elastic-ip")
def create(cloud: Cloud, call: Call) -> Document:
    """Creates an elastic IP; its prefix length, a single address, is assumed."""
    quota.check(cloud, KIND)
    id_, family = cloud.ids.uuid(), call.body.get("addressfamily", "inet4")
    ip = address.free(cloud, address.ELASTIC) if family == "inet4" else address.ipv6(id_)
    elastic = {
        "id": id_,
        **_completed(call.body),
        "addressfamily": family,
        "ip": ip,
        "cidr": f"{ip}/{32 if family == 'inet4' else 128}",
        "_zone": call.zone,
    }
    cloud.store.put(KIND, elastic)
    return _start(cloud, call, elastic)


@operation("update-elastic-ip")
def update(cloud: Cloud, call: Call) -> Document:
    return _start(cloud, call, find(cloud, KIND, call.path["id"], call.zone), _completed(call.body))


@operation("reset-elastic-ip-field")
def reset_field(cloud: Cloud, call: Call) -> Document:
    return _start(cloud, call, find(cloud, KIND, call.path["id"], call.zone), {call.path["field"]: None})


@operation("attach-instance-to-elastic-ip")
def attach(cloud: Cloud, call: Call) -> Document:
    """Attaches an instance; an elastic IP may have several, from which its health check chooses."""
    elastic = find(cloud, KIND, call.path["id"], call.zone)
    instance = attachment.attachable(cloud, call, KEY)
    attachment.give(cloud, instance["id"], KEY, elastic["id"])
    return _start(cloud, call, elastic, {"instance": instance["id"]})


@operation("detach-instance-from-elastic-ip")
def detach(cloud: Cloud, call: Call) -> Document:
    elastic = find(cloud, KIND, call.path["id"], call.zone)
    instance = attachment.holder(cloud, call, KEY)
    attachment.take(cloud, instance["id"], KEY, elastic["id"])
    return _start(cloud, call, elastic, {"instance": instance["id"]})


@operation("delete-elastic-ip")
def delete(cloud: Cloud, call: Call) -> Document:
    """Deletes it, unless an instance has it, as a user of the real cloud saw (docs/exoscale.md, Refusals)."""
    elastic = find(cloud, KIND, call.path["id"], call.zone)
    if attachment.attached(cloud, KEY, elastic["id"]):
        raise Conflict("Cannot delete elastic IP when it's in use by virtual machines")
    return _start(cloud, call, elastic)


@effect("update-elastic-ip", "finish")
@effect("reset-elastic-ip-field", "finish")
def changed(cloud: Cloud, operation: Document) -> None:
    elastic = {**subject(cloud, KIND, operation), **operation["_args"]}
    cloud.store.put(KIND, {key: value for key, value in elastic.items() if value is not None})


@effect("create-elastic-ip", "failed")
@effect("delete-elastic-ip", "finish")
def deleted(cloud: Cloud, operation: Document) -> None:
    cloud.store.delete(KIND, operation["reference"]["id"])


@effect("attach-instance-to-elastic-ip", "failed")
def not_attached(cloud: Cloud, operation: Document) -> None:
    attachment.take(cloud, operation["_args"]["instance"], KEY, operation["reference"]["id"])


@effect("detach-instance-from-elastic-ip", "failed")
def not_detached(cloud: Cloud, operation: Document) -> None:
    attachment.give(cloud, operation["_args"]["instance"], KEY, operation["reference"]["id"])


def give(cloud: Cloud, instance_id: str, id_: str) -> None:
    """Attaches a pool's new instance; does nothing if the address has been deleted meanwhile."""
    if cloud.store.get(KIND, id_):
        attachment.give(cloud, instance_id, KEY, id_)


def addresses(cloud: Cloud, instance: Document) -> list[str]:
    """Returns the elastic addresses of an instance."""
    held = [cloud.store.get(KIND, reference["id"]) for reference in instance.get(KEY, [])]
    return [elastic["ip"] for elastic in held if elastic]


def _completed(body: Document) -> Document:
    """Completes the health check in the body, if there is one (refusals are assumed to be those of load balancers).

    Raises:
        BadRequest: the check is impossible.
    """
    if "healthcheck" not in body:
        return dict(body)
    check = {**HEALTHCHECK, **body["healthcheck"]}
    if check["timeout"] > check["interval"]:
        raise BadRequest(f"healthcheck.timeout {check['timeout']} must not be above interval {check['interval']}")
    if check["mode"] != "tcp" and "uri" not in check:
        raise BadRequest(f"healthcheck.uri is missing, mode {check['mode']} needs it")
    return {**body, "healthcheck": check}


def _start(cloud: Cloud, call: Call, elastic: Document, changes: Document | None = None) -> Document:
    return cloud.operations.start(call.operation_id, KIND, elastic["id"], call.zone, changes)
