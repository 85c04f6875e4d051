"""What the tests put into the account, the way Pulumi, the cloud's controllers and people do."""

from collections.abc import Mapping
from typing import Any

from sandbox.client import SandboxClient, connect
from sandbox.cloud import Cloud
from teardown.owner import Owner
from tests.sandbox.sks_bench import CCM, HEALTHCHECK, NEWEST, SMALL

KEY, SECRET = "EXOtest", "the-secret"
ZONE, OTHER_ZONE = "ch-gva-2", "at-vie-1"
UID = "11111111-2222-4333-8444-555555555555"

OURS = Owner("exoscale-sks", "dev", "alice", "aaaaaaaaaaaa")
NAMESAKE = Owner("exoscale-sks", "dev", "bob", "bbbbbbbbbbbb")
NEIGHBOUR = Owner("exoscale-sks", "dev-2", "alice", "cccccccccccc")

# How the load balancer of OURS is called and described, whoever makes it.
BALANCER_NAME = "exoscale-sks-dev-ingress"
BALANCER_SAYS = f"Load balancer of Pulumi stack exoscale-sks/dev ({OURS.stack_id}), owner alice"


class World:
    """Makes things in the account the way Pulumi, the cloud controller manager and people do."""

    def __init__(self, cloud: Cloud, url: str) -> None:
        self.cloud = cloud
        self._url = url
        self._clients: dict[str, SandboxClient] = {}

    def client(self, zone: str = ZONE) -> SandboxClient:
        """The official client."""
        if zone not in self._clients:
            self._clients[zone] = connect(self._url, KEY, SECRET, zone, poll_seconds=0.005, backoff_seconds=0.001)
        return self._clients[zone]

    def make(self, operation: str, zone: str = ZONE, **arguments: Any) -> str:
        """Calls an operation, waits for it, and gives the id of what it refers to."""
        client = self.client(zone)
        return str(client.wait(getattr(client, operation)(**arguments)["id"])["reference"]["id"])

    def cluster(self, owner: Owner | None, zone: str = ZONE, **body: Any) -> str:
        body = {"name": "c", "level": "starter", "version": NEWEST, "cni": "calico", "addons": [CCM], **body}
        return self.make("create_sks_cluster", zone, **body, **_labelled(owner))

    def nodepool(self, cluster: str, owner: Owner | None, zone: str = ZONE, **body: Any) -> str:
        body = {"name": "p", "size": 2, "disk_size": 20, "instance_type": SMALL, **body}
        return self.make("create_sks_nodepool", zone, id=cluster, **body, **_labelled(owner))

    def pool(self, cluster: str, nodepool: str, zone: str = ZONE) -> str:
        """The instance pool behind a nodepool."""
        nodepools = self.client(zone).get_sks_cluster(id=cluster)["nodepools"]
        return next(str(one["instance-pool"]["id"]) for one in nodepools if one["id"] == nodepool)

    def own_pool(self, owner: Owner | None) -> str:
        """The instance pool of a new cluster with one nodepool."""
        cluster = self.cluster(owner)
        return self.pool(cluster, self.nodepool(cluster, owner))

    def instances(self, pool: str, zone: str = ZONE) -> list[str]:
        found = self.client(zone).list_instances(manager_id=pool, manager_type="instance-pool")["instances"]
        return [str(one["id"]) for one in found]

    def balancer(self, owner: Owner | None, pool: str = "", zone: str = ZONE, name: str = "nlb", **fields: str) -> str:
        """An NLB; given a pool, with a service that sends traffic there."""
        id_ = self.make("create_load_balancer", zone, name=name, **_labelled(owner), **fields)
        if pool:
            self.serve(id_, pool, zone)
        return id_

    def balancer_labelled(self, labels: Mapping[str, str]) -> str:
        return self.make("create_load_balancer", name="nlb", labels=dict(labels))

    def serve(self, balancer: str, pool: str, zone: str = ZONE, port: int = 80) -> None:
        """Adds a service to an NLB."""
        service = {"name": f"p{port}", "protocol": "tcp", "strategy": "round-robin", "port": port, "target_port": 30080}
        target = {"instance_pool": {"id": pool}, "healthcheck": HEALTHCHECK}
        self.make("add_service_to_load_balancer", zone, id=balancer, **service, **target)

    def announce(self, cluster: str, endpoint: str) -> None:
        """Makes the API say that a cluster's API server is elsewhere."""
        with self.cloud.lock:
            document = self.cloud.store.get("sks-cluster", cluster)
            assert document is not None
            self.cloud.store.put("sks-cluster", {**document, "endpoint": endpoint})

    def retarget(self, balancer: str, pool: str) -> None:
        """Makes an NLB send its traffic to a pool that there is not: as when the pool's lock failed."""
        with self.cloud.lock:
            document = self.cloud.store.get("load-balancer", balancer)
            assert document is not None
            document["services"][0]["instance-pool"] = {"id": pool}
            self.cloud.store.put("load-balancer", document)

    def volume(self, labels: Mapping[str, str], instance: str = "", zone: str = ZONE, name: str = f"pvc-{UID}") -> str:
        """A volume as the CSI driver makes it, 10 GiB; given an instance, attached to it."""
        more = {"labels": dict(labels)} if labels else {}
        id_ = self.make("create_block_storage_volume", zone, name=name, size=10, **more)
        if instance:
            self.make("attach_block_storage_volume_to_instance", zone, id=id_, instance={"id": instance})
        return id_

    def snapshot(self, volume: str, zone: str = ZONE) -> str:
        return self.make("create_block_storage_snapshot", zone, id=volume, name="snapshot")

    def groups(self, owner: Owner, noun: str = "nodes") -> tuple[str, str]:
        """A security group that lets its members talk to each other, and an anti-affinity group."""
        name = f"{owner.project}-{owner.stack}-{noun}"
        id_ = f" ({owner.stack_id})" if owner.stack_id else ""
        said = f"Nodes of Pulumi stack {owner.project}/{owner.stack}{id_}, owner {owner.owner}"
        security = self.make("create_security_group", name=name, description=said)
        rule = {"flow_direction": "ingress", "protocol": "tcp", "start_port": 10250, "end_port": 10250}
        self.make("add_rule_to_security_group", id=security, **rule, security_group={"id": security})
        return security, self.make("create_anti_affinity_group", name=name, description=said)

    def held(self) -> dict[str, set[str]]:
        """What the cloud holds in any zone, the sandbox's own `default` security group aside."""
        kinds = ("sks-cluster", "sks-nodepool", "instance", "load-balancer", "block-storage", "block-storage-snapshot")
        found = {kind: {one["id"] for one in self.cloud.store.list(kind)} for kind in kinds}
        for kind in ("security-group", "anti-affinity-group"):
            found[kind] = {one["id"] for one in self.cloud.store.list(kind) if one["name"] != "default"}
        return {kind: ids for kind, ids in found.items() if ids}


def _labelled(owner: Owner | None) -> dict[str, Any]:
    return {"labels": owner.labels} if owner else {}
