"""Instances: the machines of instance pools, and standalone ones.

Users' operations on them are in `instance_change.py`, `instance_power.py` and `instance_system.py`.
"""

from sandbox.api import address, block_storage_volume, elastic_ip, password, private_network
from sandbox.api.errors import BadRequest, NotSimulated
from sandbox.api.lifecycle import refuse_unless_settled
from sandbox.api.routes import Call, find, operation
from sandbox.api.security_group import default as default_security_group
from sandbox.cloud import Cloud
from sandbox.store import Document, public

KIND = "instance"
PROTECTED = "_protected"  # set on an instance that must not be deleted; the API does not show it

# Fields that an instance copies from its pool.
INHERITED = (
    "anti-affinity-groups",
    "deploy-target",
    "disk-size",
    "elastic-ips",
    "instance-type",
    "private-networks",
    "public-ip-assignment",
    "security-groups",
    "ssh-key",
    "ssh-keys",
    "template",
    "user-data",
    "_zone",
)


@operation("list-instances")
def list_(cloud: Cloud, call: Call) -> Document:
    labels = _labels(call.query.get("labels", "")).items()
    found = [one for one in cloud.store.list(KIND, call.zone) if _matches(cloud, one, call.query)]
    return {"instances": [shown(one) for one in found if labels <= one.get("labels", {}).items()]}


@operation("get-instance")
def get(cloud: Cloud, call: Call) -> Document:
    return shown(find(cloud, KIND, call.path["id"], call.zone))


def members(cloud: Cloud, pool_id: str) -> list[Document]:
    """Returns the instances of a pool, oldest first, including those being created or deleted."""
    return cloud.store.where(KIND, "manager.id", pool_id)


def single(cloud: Cloud, call: Call, settled: tuple[str, ...] = ("running", "stopped")) -> Document:
    """Returns the standalone instance in the path, ready for a change.

    Raises:
        NotSimulated: a pool manages it; what the real API allows then is not known.
        Conflict: another operation on it is in progress.
    """
    instance = find(cloud, KIND, call.path["id"], call.zone)
    if "manager" in instance:
        raise NotSimulated(f"{call.operation_id} for an instance of a pool")
    refuse_unless_settled(KIND, instance, settled)
    return instance


def name(cloud: Cloud, prefix: str, pool_id: str) -> str:
    """Makes a new name for a pool or one of its instances, as SKS does (docs/exoscale.md, Nodepools and instances)."""
    return f"{prefix}-{pool_id[:5]}-{cloud.ids.letters(5)}"


def create(cloud: Cloud, pool: Document) -> Document:
    """Makes a new instance of a pool, which still has to start.

    Raises:
        Conflict: there is no address left for it, public or in a private network.
    """
    own = {
        "name": name(cloud, pool["instance-prefix"], pool["id"]),
        "manager": {"id": pool["id"], "type": "instance-pool"},
    }
    return make(cloud, {**{key: pool[key] for key in INHERITED if pool.get(key)}, **own})


def make(cloud: Cloud, wanted: Document) -> Document:
    """Makes a new instance, which still has to start.

    Args:
        wanted: its fields in the API. The name and the lists may be missing; without a security group it gets the
            default one.

    Raises:
        Conflict: there is no address left for it, public or in a private network.
    """
    id_ = cloud.ids.uuid()
    instance: Document = {
        "name": f"VM-{id_}",  # assumed
        "labels": {},
        "anti-affinity-groups": [],
        "secureboot-enabled": False,  # `exo compute instance show` reads both without a nil check
        "tpm-enabled": False,
        **wanted,
        "id": id_,
        "state": "starting",
        "created-at": cloud.clock.timestamp(),
        "mac-address": address.mac(id_),
        "security-groups": wanted.get("security-groups") or [{"id": default_security_group(cloud)["id"]}],
        "private-networks": [],
        "elastic-ips": [],
        **_ssh_keys(wanted),
        **password.fresh(cloud, wanted["template"]["id"]),
    }
    instance = assigned(cloud, instance, wanted["public-ip-assignment"])
    cloud.store.put(KIND, instance)
    for network in wanted.get("private-networks", []):
        private_network.join(cloud, id_, network["id"])
    for elastic in wanted.get("elastic-ips", []):
        elastic_ip.give(cloud, id_, elastic["id"])
    return instance


def assigned(cloud: Cloud, instance: Document, assignment: str) -> Document:
    """Gives the instance the public addresses for `none`, `inet4` or `dual`; an existing one may stay.

    Raises:
        Conflict: there is no free address left.
    """
    bare = {key: value for key, value in instance.items() if key not in ("public-ip", "ipv6-address")}
    bare["public-ip-assignment"] = assignment
    if assignment != "none":
        bare["public-ip"] = instance.get("public-ip") or address.free(cloud, address.INSTANCES)
    if assignment == "dual":
        bare["ipv6-address"] = address.ipv6(instance["id"])
    return bare


def remove(cloud: Cloud, instance_id: str) -> None:
    """Deletes the instance and detaches its volumes, which stay."""
    block_storage_volume.release(cloud, instance_id)
    cloud.store.delete(KIND, instance_id)


def shown(instance: Document) -> Document:
    """Returns the instance as the API shows it, with the MAC address of each of its interfaces."""
    document = public(instance)
    for network in document.get("private-networks", []):
        network["mac-address"] = address.mac(instance["id"], network["id"])
    return document


def _ssh_keys(wanted: Document) -> Document:
    """Shows one key as a list, and the first of several as the one (docs/exoscale.md, Instances by themselves)."""
    keys = wanted.get("ssh-keys") or [wanted[key] for key in ("ssh-key",) if key in wanted]
    return {"ssh-key": keys[0], "ssh-keys": keys} if keys else {}


def _matches(cloud: Cloud, instance: Document, query: dict[str, str]) -> bool:
    """Lists instances. With `ip-address`, `exo compute elastic-ip show` finds the instances of an elastic IP."""
    manager = instance.get("manager", {})
    shown = {
        "manager-id": [manager.get("id")],
        "manager-type": [manager.get("type")],
        "ip-address": [instance.get("public-ip"), *elastic_ip.addresses(cloud, instance)],
    }
    return all(query[key] in values for key, values in shown.items() if key in query)


def _labels(text: str) -> dict[str, str]:
    """Parses labels in the form `key=value key=value`, as Karpenter sends (docs/exoscale.md, Instances by themselves).

    Raises:
        BadRequest: it has another form; whether the real API accepts one is not known.
    """
    pairs = [pair.partition("=") for pair in text.split()]
    if not all(key and equals for key, equals, _ in pairs):
        raise BadRequest("labels must be written key=value, with spaces between several", ["labels: not key=value"])
    return {key: value for key, _, value in pairs}
