"""Instance pools: groups of equal machines, behind an SKS nodepool or standalone.

Users' operations on pools are in `instance_pool_change.py`; nodepools use this module directly.
"""

from sandbox.api import anti_affinity_group, instance, private_network, quota
from sandbox.api.errors import Forbidden, NotFound
from sandbox.api.lifecycle import set_state
from sandbox.api.load_balancer import targeting
from sandbox.api.routes import Call, find, operation
from sandbox.cloud import Cloud
from sandbox.store import Document, public

KIND = "instance-pool"

# Fields that a pool copies from its nodepool, for the instances that it makes from then on.
INHERITED = (
    "anti-affinity-groups",
    "deploy-target",
    "disk-size",
    "instance-prefix",
    "instance-type",
    "private-networks",
    "public-ip-assignment",
    "security-groups",
    "size",
    "template",
)


@operation("list-instance-pools")
def list_(cloud: Cloud, call: Call) -> Document:
    return {"instance-pools": [shown(cloud, pool) for pool in cloud.store.list(KIND, call.zone)]}


@operation("get-instance-pool")
def get(cloud: Cloud, call: Call) -> Document:
    return shown(cloud, find(cloud, KIND, call.path["id"], call.zone))


def refuse_if_targeted(cloud: Cloud, pool_id: str) -> None:
    """Refuses to delete a pool that a load balancer sends traffic to.

    Raises:
        Forbidden: the text is the real one (docs/exoscale.md, Destroying).
    """
    balancer = targeting(cloud, pool_id)
    if cloud.rules.nodepool_locked_by_load_balancer and balancer:
        raise Forbidden(
            f"Operation destroyInstancePool on resource {pool_id} is forbidden - reason: Locked by NLB {balancer['id']}"
        )


def create_for_nodepool(cloud: Cloud, nodepool: Document) -> None:
    """Makes the pool of a new nodepool, with the id that the nodepool names, and starts its instances."""
    id_ = nodepool["instance-pool"]["id"]
    pool = {
        "id": id_,
        "name": instance.name(cloud, nodepool["instance-prefix"], id_),
        "manager": {"id": nodepool["id"], "type": "sks-nodepool"},
        **{key: nodepool[key] for key in INHERITED if key in nodepool},
        "_zone": nodepool["_zone"],
    }
    create(cloud, pool)


def create(cloud: Cloud, pool: Document) -> None:
    """Stores a new pool and starts its instances.

    Raises:
        Conflict: they would be too many for the quota, a private network or an anti-affinity group.
    """
    _check_room(cloud, pool, pool["size"])
    cloud.store.put(KIND, {**pool, "state": "creating"})
    for _ in range(pool["size"]):
        instance.create(cloud, pool)


def inherit(cloud: Cloud, nodepool: Document) -> None:
    """Copies the nodepool's current fields to the pool. Existing instances do not change."""
    pool = cloud.store.get(KIND, nodepool["instance-pool"]["id"])
    if pool:
        cloud.store.put(KIND, {**pool, **{key: nodepool[key] for key in INHERITED if key in nodepool}})


def resize(cloud: Cloud, pool_id: str, size: int) -> None:
    """Starts new instances, or begins to destroy the newest, until `size` are left; replaces those in error.

    Raises:
        Conflict: the new ones would be too many for the quota, a private network or an anti-affinity group.
    """
    pool = find(cloud, KIND, pool_id)
    healthy = _healthy(cloud, pool_id)
    missing = size - len(healthy)
    broken = [member for member in instance.members(cloud, pool_id) if member["state"] == "error"]
    _check_room(cloud, pool, missing - len(broken))
    for member in broken:
        instance.remove(cloud, member["id"])
    for member in healthy[size:]:
        set_state(cloud, instance.KIND, member["id"], "destroying")
    for _ in range(missing):
        instance.create(cloud, pool)
    state = "scaling-up" if missing > 0 else "scaling-down"
    cloud.store.put(KIND, {**pool, "size": size, "state": state})


def evict(cloud: Cloud, pool_id: str, instance_ids: list[str]) -> int:
    """Begins to destroy exactly these instances.

    Returns:
        The remaining size.

    Raises:
        NotFound: one of them is not in the pool.
    """
    pool = find(cloud, KIND, pool_id)
    member_ids = [member["id"] for member in instance.members(cloud, pool_id)]
    for id_ in instance_ids:
        if id_ not in member_ids:
            raise NotFound(f"Instance {id_} not found in Instance Pool {pool_id}")
    for id_ in instance_ids:
        set_state(cloud, instance.KIND, id_, "destroying")
    size = len(_healthy(cloud, pool_id))
    cloud.store.put(KIND, {**pool, "size": size, "state": "scaling-down"})
    return size


def destroy(cloud: Cloud, pool_id: str) -> None:
    """Begins to destroy the pool and its instances."""
    set_state(cloud, KIND, pool_id, "destroying")
    for member in _healthy(cloud, pool_id):
        set_state(cloud, instance.KIND, member["id"], "destroying")


def settle(cloud: Cloud, pool_id: str) -> None:
    """Finishes an operation: starting instances run, and those being destroyed are gone."""
    for member in instance.members(cloud, pool_id):
        if member["state"] == "starting":
            set_state(cloud, instance.KIND, member["id"], "running")
        elif member["state"] == "destroying":
            instance.remove(cloud, member["id"])
    set_state(cloud, KIND, pool_id, "running")


def give_up(cloud: Cloud, pool_id: str) -> int:
    """Handles a failure: starting instances are in error, and those being destroyed keep running.

    Returns:
        The number of running instances.
    """
    for member in instance.members(cloud, pool_id):
        if member["state"] == "starting":
            set_state(cloud, instance.KIND, member["id"], "error")
        elif member["state"] == "destroying":
            set_state(cloud, instance.KIND, member["id"], "running")
    set_state(cloud, KIND, pool_id, "running")
    return len(_healthy(cloud, pool_id))


def remove(cloud: Cloud, pool_id: str) -> None:
    """Deletes the pool and all its instances."""
    for member in instance.members(cloud, pool_id):
        instance.remove(cloud, member["id"])
    cloud.store.delete(KIND, pool_id)


def shown(cloud: Cloud, pool: Document) -> Document:
    """Returns the pool as the API shows it. An empty pool has no `size`: the OpenAPI document forbids 0."""
    document = {**public(pool), "instances": [{"id": member["id"]} for member in instance.members(cloud, pool["id"])]}
    if not document["size"]:
        del document["size"]
    return document


def _healthy(cloud: Cloud, pool_id: str) -> list[Document]:
    return [member for member in instance.members(cloud, pool_id) if member["state"] in ("starting", "running")]


def _check_room(cloud: Cloud, pool: Document, more: int) -> None:
    quota.check(cloud, instance.KIND, more)
    for network in pool["private-networks"]:
        private_network.check_room(cloud, network["id"], more)
    for group in pool["anti-affinity-groups"]:
        anti_affinity_group.check_room(cloud, group["id"], more)
