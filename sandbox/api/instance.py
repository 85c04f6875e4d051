"""Instances: the machines of instance pools. Nobody makes or deletes one by itself here."""

from sandbox.api import address, block_storage_volume, elastic_ip, private_network
from sandbox.api.errors import Forbidden, NotSimulated
from sandbox.api.routes import Call, find, operation
from sandbox.api.security_group import default as default_security_group
from sandbox.cloud import Cloud
from sandbox.store import Document, public

KIND = "instance"
OPTIONAL = ("deploy-target", "ssh-key", "ssh-keys", "user-data")  # what it has if its pool has it


@operation("list-instances")
def list_(cloud: Cloud, call: Call) -> Document:
    if "labels" in call.query:
        raise NotSimulated(f"{call.operation_id} with labels")
    return {
        "instances": [
            public(instance) for instance in cloud.store.list(KIND, call.zone) if _matches(cloud, instance, call.query)
        ]
    }


@operation("get-instance")
def get(cloud: Cloud, call: Call) -> Document:
    return public(find(cloud, KIND, call.path["id"], call.zone))


@operation("delete-instance")
def delete(cloud: Cloud, call: Call) -> Document:
    """Always refused: each instance belongs to a pool, which is the one to ask (docs/exoscale.md, Refusals)."""
    instance = find(cloud, KIND, call.path["id"], call.zone)
    raise Forbidden(
        f"Operation destroyVirtualMachine on resource {instance['id']} is forbidden"
        f" - reason: Locked by Instance Pool {instance['manager']['id']}"
    )


def members(cloud: Cloud, pool_id: str) -> list[Document]:
    """The instances of a pool, the oldest first, also those that are on their way in or out."""
    return cloud.store.where(KIND, "manager.id", pool_id)


def name(cloud: Cloud, prefix: str, pool_id: str) -> str:
    """A new name of a pool or of one of its instances, as SKS writes it (docs/exoscale.md, Nodepools and instances)."""
    return f"{prefix}-{pool_id[:5]}-{cloud.ids.letters(5)}"


def create(cloud: Cloud, pool: Document) -> Document:
    """A new instance of a pool, which still has to start.

    Raises:
        Conflict: there is no address left for it, public or in a private network.
    """
    id_ = cloud.ids.uuid()
    groups = pool["security-groups"] or [{"id": default_security_group(cloud)["id"]}]
    instance: Document = {
        "id": id_,
        "name": name(cloud, pool["instance-prefix"], pool["id"]),
        "state": "starting",
        "created-at": cloud.clock.timestamp(),
        "manager": {"id": pool["id"], "type": "instance-pool"},
        "public-ip-assignment": pool["public-ip-assignment"],
        "instance-type": pool["instance-type"],
        "template": pool["template"],
        "disk-size": pool["disk-size"],
        "security-groups": groups,
        "anti-affinity-groups": pool["anti-affinity-groups"],
        "private-networks": [],
        "labels": {},
        "secureboot-enabled": False,  # `exo compute instance show` reads both unseen
        "tpm-enabled": False,
        **{key: pool[key] for key in OPTIONAL if pool.get(key)},
        "_zone": pool["_zone"],
    }
    if pool["public-ip-assignment"] != "none":
        instance["public-ip"] = address.free(cloud, address.INSTANCES)
    if pool["public-ip-assignment"] == "dual":
        instance["ipv6-address"] = address.ipv6(id_)
    cloud.store.put(KIND, instance)
    for network in pool["private-networks"]:
        private_network.join(cloud, id_, network["id"])
    for elastic in pool.get("elastic-ips", []):
        elastic_ip.give(cloud, id_, elastic["id"])
    return instance


def remove(cloud: Cloud, instance_id: str) -> None:
    """Forgets the instance and lets go of its volumes, which stay."""
    block_storage_volume.release(cloud, instance_id)
    cloud.store.delete(KIND, instance_id)


def _matches(cloud: Cloud, instance: Document, query: dict[str, str]) -> bool:
    """By `ip-address`, `exo compute elastic-ip show` looks for the instances that have an elastic IP."""
    shown = {
        "manager-id": [instance["manager"]["id"]],
        "manager-type": [instance["manager"]["type"]],
        "ip-address": [instance.get("public-ip"), *elastic_ip.addresses(cloud, instance)],
    }
    return all(value in shown.get(key, ()) for key, value in query.items())
