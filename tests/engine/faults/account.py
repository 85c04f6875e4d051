"""What the account holds, asked of the cloud's own API: the only witness that a destroy left nothing."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

from sandbox.api import block_storage_volume
from sandbox.api import organization as organizations
from sandbox.client import connect
from sandbox.sandbox import Sandbox
from sandbox.store import DEFAULT_ORGANIZATION

Document = dict[str, Any]
Held = dict[str, dict[str, Document]]
"""Documents by kind and id."""

ZONES = ("ch-gva-2", "at-vie-1")  # the stacks' own, and the one that a stack moves to
LISTED = {
    "sks-cluster": "list_sks_clusters",
    "instance-pool": "list_instance_pools",
    "instance": "list_instances",
    "load-balancer": "list_load_balancers",
    "block-storage-volume": "list_block_storage_volumes",
    "block-storage-snapshot": "list_block_storage_snapshots",
    "security-group": "list_security_groups",
    "anti-affinity-group": "list_anti_affinity_groups",
}
STORED = {"block-storage-volume": block_storage_volume.KIND}  # the store's name of a kind, where it is another


class Account:
    """The whole account, seen with a key of its own, which no test expires."""

    def __init__(self, sandbox: Sandbox) -> None:
        key, secret = new_key(sandbox, "auditor")
        self._sandbox = sandbox
        self._clients = [connect(sandbox.url, key, secret, zone, poll_seconds=0.05) for zone in ZONES]

    @property
    def client(self) -> Any:
        """The official client in the stacks' zone, for what people do by hand."""
        return self._clients[0]

    def holds(self) -> Held:
        """Everything, billable or not, but for the `default` security group, which nobody can delete."""
        held: Held = {kind: {} for kind in (*LISTED, "sks-nodepool")}
        for client in self._clients:
            for kind, method in LISTED.items():
                held[kind] |= {item["id"]: item for item in getattr(client, method)()[f"{kind}s"]}
        for cluster in held["sks-cluster"].values():
            held["sks-nodepool"] |= {pool["id"]: pool for pool in cluster["nodepools"]}
        groups = held["security-group"]
        held["security-group"] = {id_: group for id_, group in groups.items() if group["name"] != "default"}
        return held

    def one(self, kind: str, fits: Callable[[Document], bool]) -> Document:
        """The one thing of this kind that fits."""
        [found] = [item for item in self.holds()[kind].values() if fits(item)]
        return found

    def balance(self, name: str, pool_id: str) -> None:
        """Makes an NLB by hand that sends traffic to an instance pool."""
        client = self.client
        made = client.wait(client.create_load_balancer(name=name)["id"])["reference"]["id"]
        self.serve(made, pool_id)

    def serve(self, balancer_id: str, pool_id: str, port: int = 80) -> str:
        """Has an NLB send traffic to an instance pool; the service's id."""
        client, name = self.client, f"web-{port}"
        service = client.add_service_to_load_balancer(
            id=balancer_id,
            name=name,
            instance_pool={"id": pool_id},
            port=port,
            target_port=30080,
            protocol="tcp",
            strategy="round-robin",
            healthcheck={"mode": "tcp", "port": 30080},
        )
        client.wait(service["id"])
        services = client.get_load_balancer(id=balancer_id)["services"]
        return next(str(one["id"]) for one in services if one["name"] == name)

    def plant_balancer(self, name: str, pool_id: str) -> None:
        """The same without a call, for traps, which act while the cloud answers somebody else."""
        store = self._sandbox.cloud.store
        model = next(balancer for balancer in store.list("load-balancer") if balancer["services"])
        service = {**model["services"][0], "id": str(uuid4()), "instance-pool": {"id": pool_id}}
        unlabelled = {key: value for key, value in model.items() if key != "labels"}
        store.put("load-balancer", {**unlabelled, "id": str(uuid4()), "name": name, "services": [service]})

    def settle(self) -> None:
        """Returns when no operation is under way, as somebody who waits a minute before the next try."""
        cloud = self._sandbox.cloud
        cloud.operations.join()
        while any(item["state"] == "pending" for item in cloud.store.list("operation")):
            self.client.list_zones()  # each request ends what is due

    def remove(self, held: Held) -> None:
        """Takes these out of the world, whatever refuses it: for what a failed test leaves behind."""
        cloud = self._sandbox.cloud
        cloud.operations.join()
        for cluster in held["sks-cluster"]:
            cloud.control_planes.delete(cluster)
        with cloud.lock:
            for kind, items in held.items():
                for id_ in items:
                    cloud.store.delete(STORED.get(kind, kind), id_)

    def restore_services(self, held: Held) -> None:
        """Gives the NLBs of then their services of then."""
        store = self._sandbox.cloud.store
        with self._sandbox.cloud.lock:
            for id_, balancer in lasting(held)["load-balancer"].items():
                if there := store.get("load-balancer", id_):
                    store.put("load-balancer", {**there, "services": balancer["services"]})


def new_key(sandbox: Sandbox, name: str, organization: str = DEFAULT_ORGANIZATION) -> tuple[str, str]:
    """Key and secret of a new API key that may do everything, as made in the console of this organisation, which is
    made where it is missing."""
    return organizations.new_key(sandbox.cloud, name, organization)


def besides(held: Held, others: Held) -> Held:
    """What is held and is none of the others."""
    return {kind: {id_: item for id_, item in held[kind].items() if id_ not in others[kind]} for kind in held}


def names(held: Held) -> dict[str, list[str]]:
    """Names by kind, without the kinds of which there is nothing."""
    return {kind: sorted(item.get("name", id_) for id_, item in items.items()) for kind, items in held.items() if items}


def lasting(held: Held) -> Held:
    """Without what changes by itself: what health checks find, and the state that goes with it."""

    def stripped(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: stripped(item) for key, item in value.items() if key != "healthcheck-status"}
        return [stripped(item) for item in value] if isinstance(value, list) else value

    return {kind: {id_: stripped(item) for id_, item in items.items()} for kind, items in held.items()}
