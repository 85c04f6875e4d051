"""Private networks: segments between instances. A managed one has a range, from which each of its instances leases an
address. No packets flow through them."""

import ipaddress

from sandbox.api import attachment, quota
from sandbox.api.errors import BadRequest, Conflict
from sandbox.api.lifecycle import subject
from sandbox.api.routes import Call, find, operation
from sandbox.cloud import Cloud
from sandbox.operations import effect
from sandbox.store import Document, public

KIND = "private-network"
KEY = "private-networks"  # of an instance
LEASES = "_leases"  # of an instance: its address by the network's id
RANGE = ("start-ip", "end-ip", "netmask")  # a network is managed when it has all of them


@operation("list-private-networks")
def list_(cloud: Cloud, call: Call) -> Document:
    return {"private-networks": [shown(cloud, network) for network in cloud.store.list(KIND, call.zone)]}


@operation("get-private-network")
def get(cloud: Cloud, call: Call) -> Document:
    return shown(cloud, find(cloud, KIND, call.path["id"], call.zone))


@operation("create-private-network")
def create(cloud: Cloud, call: Call) -> Document:
    """Creates a network. Names may repeat, as they certainly could once (docs/exoscale.md, Addresses and networks)."""
    _check_range(call.body)
    quota.check(cloud, KIND)
    network = {"id": cloud.ids.uuid(), **call.body, "_zone": call.zone}
    cloud.store.put(KIND, network)
    return _start(cloud, call, network)


@operation("update-private-network")
def update(cloud: Cloud, call: Call) -> Document:
    """Updates a network. Existing leases do not change."""
    network = find(cloud, KIND, call.path["id"], call.zone)
    _check_range({**network, **call.body})
    return _start(cloud, call, network, call.body)


@operation("reset-private-network-field")
def reset_field(cloud: Cloud, call: Call) -> Document:
    return _start(cloud, call, find(cloud, KIND, call.path["id"], call.zone), {call.path["field"]: None})


@operation("attach-instance-to-private-network")
def attach(cloud: Cloud, call: Call) -> Document:
    network = find(cloud, KIND, call.path["id"], call.zone)
    instance = attachment.attachable(cloud, call, KEY)
    ip = _wanted(cloud, network, call) if "ip" in call.body else ""
    join(cloud, instance["id"], network["id"], ip)
    return _start(cloud, call, network, {"instance": instance["id"]})


@operation("update-private-network-instance-ip")
def update_ip(cloud: Cloud, call: Call) -> Document:
    """Changes an instance's address; without one in the request, the instance leases one of the range again."""
    network = find(cloud, KIND, call.path["id"], call.zone)
    if "instance" not in call.body:
        raise BadRequest("instance is missing", ["instance: missing"])
    instance = attachment.holder(cloud, call, KEY)
    old = instance.get(LEASES, {}).get(network["id"], "")
    ip = old if call.body.get("ip") == old else _wanted(cloud, network, call) if "ip" in call.body else ""
    leave(cloud, instance["id"], network["id"])
    join(cloud, instance["id"], network["id"], ip)
    return _start(cloud, call, network, {"instance": instance["id"], "ip": old})


@operation("detach-instance-from-private-network")
def detach(cloud: Cloud, call: Call) -> Document:
    network = find(cloud, KIND, call.path["id"], call.zone)
    instance = attachment.holder(cloud, call, KEY)
    old = instance.get(LEASES, {}).get(network["id"], "")
    leave(cloud, instance["id"], network["id"])
    return _start(cloud, call, network, {"instance": instance["id"], "ip": old})


@operation("delete-private-network")
def delete(cloud: Cloud, call: Call) -> Document:
    """Deletes it, unless an instance is in it, as a user of the real cloud saw (docs/exoscale.md, Refusals)."""
    network = find(cloud, KIND, call.path["id"], call.zone)
    if attachment.attached(cloud, KEY, network["id"]):
        raise Conflict("Cannot delete private network when it's in use by virtual machines")
    return _start(cloud, call, network)


@effect("update-private-network", "finish")
@effect("reset-private-network-field", "finish")
def changed(cloud: Cloud, operation: Document) -> None:
    network = {**subject(cloud, KIND, operation), **operation["_args"]}
    cloud.store.put(KIND, {key: value for key, value in network.items() if value is not None})


@effect("create-private-network", "failed")
@effect("delete-private-network", "finish")
def deleted(cloud: Cloud, operation: Document) -> None:
    cloud.store.delete(KIND, operation["reference"]["id"])


@effect("attach-instance-to-private-network", "failed")
def not_attached(cloud: Cloud, operation: Document) -> None:
    leave(cloud, operation["_args"]["instance"], operation["reference"]["id"])


@effect("update-private-network-instance-ip", "failed")
@effect("detach-instance-from-private-network", "failed")
def not_detached(cloud: Cloud, operation: Document) -> None:
    leave(cloud, operation["_args"]["instance"], operation["reference"]["id"])
    join(cloud, operation["_args"]["instance"], operation["reference"]["id"], operation["_args"]["ip"])


def join(cloud: Cloud, instance_id: str, network_id: str, ip: str = "") -> None:
    """Attaches the instance, with that address or, in a managed network, the first free one of the range. Does nothing
    if the network has been deleted meanwhile.

    Raises:
        Conflict: the range has none left.
    """
    network = cloud.store.get(KIND, network_id)
    if network is None:
        return
    if not ip and _is_managed(network):
        ip = _free(cloud, network)
    attachment.give(cloud, instance_id, KEY, network_id)
    instance = cloud.store.get(attachment.INSTANCE, instance_id)
    if instance and ip:
        leases = {**instance.get(LEASES, {}), network_id: ip}
        cloud.store.put(attachment.INSTANCE, {**instance, LEASES: leases})


def leave(cloud: Cloud, instance_id: str, network_id: str) -> None:
    """Detaches the instance and frees its address."""
    attachment.take(cloud, instance_id, KEY, network_id)
    instance = cloud.store.get(attachment.INSTANCE, instance_id)
    if instance:
        leases = {id_: ip for id_, ip in instance.get(LEASES, {}).items() if id_ != network_id}
        cloud.store.put(attachment.INSTANCE, {**instance, LEASES: leases})


def check_room(cloud: Cloud, network_id: str, more: int) -> None:
    """Refuses more instances than there are free addresses in the network's range (words assumed).

    Raises:
        Conflict: they are too many.
    """
    network = cloud.store.get(KIND, network_id)
    if network and more > 0 and _is_managed(network):
        first, last = _bounds(network)
        taken = [ip for ip in _leased(cloud, network_id) if first <= int(ipaddress.IPv4Address(ip)) <= last]
        if len(taken) + more > last - first + 1:
            raise Conflict(f"Private network {network_id} has no free address left in its range for {more} more")


def shown(cloud: Cloud, network: Document) -> Document:
    """Returns the network as the API shows it, with its leases if it has any."""
    leases = [{"ip": ip, "instance-id": instance_id} for ip, instance_id in _leased(cloud, network["id"]).items()]
    return {**public(network), **({"leases": leases} if leases else {})}


def _leased(cloud: Cloud, network_id: str) -> dict[str, str]:
    """Returns the taken addresses with their instances."""
    instances = attachment.attached(cloud, KEY, network_id)
    held = {instance["id"]: instance.get(LEASES, {}).get(network_id) for instance in instances}
    return {ip: instance_id for instance_id, ip in held.items() if ip}


def _free(cloud: Cloud, network: Document) -> str:
    taken = _leased(cloud, network["id"])
    first, last = _bounds(network)
    for number in range(first, min(last, first + len(taken)) + 1):  # it is enough to try one more than are taken
        ip = str(ipaddress.IPv4Address(number))
        if ip not in taken:
            return ip
    raise Conflict(f"Private network {network['id']} has no free address left in its range")


def _wanted(cloud: Cloud, network: Document, call: Call) -> str:
    """Returns the address in the body, which may be outside the range but not outside the network.

    Raises:
        BadRequest: the network has no such address.
        Conflict: an instance has it.
    """
    ip = str(call.body["ip"])
    if not _is_managed(network):
        raise BadRequest(f"Private network {network['id']} is not managed: it has no addresses to give")
    if ipaddress.IPv4Address(ip) not in _segment(network):
        raise BadRequest(f"ip {ip} is not in {_segment(network)}")
    if ip in _leased(cloud, network["id"]):
        raise Conflict(f"ip {ip} is already in use in private network {network['id']}")
    return ip


def _is_managed(network: Document) -> bool:
    return "start-ip" in network


def _bounds(network: Document) -> tuple[int, int]:
    return int(ipaddress.IPv4Address(network["start-ip"])), int(ipaddress.IPv4Address(network["end-ip"]))


def _segment(network: Document) -> ipaddress.IPv4Network:
    return ipaddress.IPv4Network(f"{network['start-ip']}/{network['netmask']}", strict=False)


def _check_range(network: Document) -> None:
    """Refuses an invalid range: 400 with `errors`, as recorded (docs/exoscale.md, Refusals); words assumed.

    Raises:
        BadRequest: a part is missing, the mask is invalid, or the end is before the start or in another network.
    """
    missing = [key for key in RANGE if key not in network]
    if len(missing) == len(RANGE):
        return
    if missing:
        raise _no_range(f"{missing[0]} is missing: a managed private network needs {', '.join(RANGE)}")
    try:
        segment = _segment(network)
    except ValueError:
        raise _no_range(f"netmask {network['netmask']} is not a netmask") from None
    start, end = (ipaddress.IPv4Address(network[key]) for key in ("start-ip", "end-ip"))
    if end < start or end not in segment:
        raise _no_range(f"end-ip {end} must come after start-ip {start}, in {segment}")


def _no_range(why: str) -> BadRequest:
    return BadRequest(f"Invalid private network: {why}", [why])


def _start(cloud: Cloud, call: Call, network: Document, changes: Document | None = None) -> Document:
    return cloud.operations.start(call.operation_id, KIND, network["id"], call.zone, changes)
