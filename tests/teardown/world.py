"""What tests put into the simulated API, the way Pulumi, the cloud's controllers and people do."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from components.teardown.cloud.stack_ref import StackRef
from sandbox.api import families
from sandbox.api.server import ApiServer
from sandbox.client import SandboxClient, connect
from sandbox.clock import Clock, Ids
from sandbox.cloud import Cloud
from tests.sandbox.instance_pool_bench import TEMPLATE
from tests.sandbox.sks_bench import CCM, HEALTHCHECK, NEWEST, SMALL, PaperControlPlanes
from tests.teardown.paper import OWNER, PVC, ZONE

KEY, SECRET = "EXOtest", "the-secret"


@contextmanager
def served() -> Iterator["World"]:
    """A cloud that does everything at once, with control planes on paper and one API key."""
    families.load()
    cloud = Cloud(clock=Clock(0), ids=Ids(1), control_planes=PaperControlPlanes())
    cloud.store.put("api-key", {"id": KEY, "key": KEY, "name": "sandbox", "_secret": SECRET})
    with ApiServer(cloud, "the-token") as server:
        yield World(cloud, server.url)


class World:
    """An account that holds nothing."""

    def __init__(self, cloud: Cloud, url: str) -> None:
        self.cloud = cloud
        self._url = url
        self._clients: dict[str, SandboxClient] = {}
        self.environment = {
            "EXOSCALE_API_KEY": KEY,
            "EXOSCALE_API_SECRET": SECRET,
            "EXOSCALE_API_ENDPOINT": f"{url}/v2",
        }

    def client(self, zone: str = ZONE) -> SandboxClient:
        """The official client."""
        if zone not in self._clients:
            self._clients[zone] = connect(self._url, KEY, SECRET, zone, poll_seconds=0.001, backoff_seconds=0.001)
        return self._clients[zone]

    def make(self, operation: str, zone: str = ZONE, **arguments: Any) -> str:
        """Calls an operation, waits for it, and gives the id of what it refers to."""
        client = self.client(zone)
        return str(client.wait(getattr(client, operation)(**arguments)["id"])["reference"]["id"])

    def cluster(self, owner: StackRef, zone: str = ZONE) -> str:
        body = {"name": "c", "level": "starter", "version": NEWEST, "cni": "calico", "addons": [CCM]}
        return self.make("create_sks_cluster", zone, **body, labels=owner.labels(OWNER))

    def nodepool(self, cluster: str, owner: StackRef, zone: str = ZONE, **body: Any) -> tuple[str, str]:
        """One instance of 20 GB; the ids of the nodepool and of its instance pool."""
        body = {"name": "p", "size": 1, "disk_size": 20, "instance_type": SMALL, **body}
        made = self.make("create_sks_nodepool", zone, id=cluster, **body, labels=owner.labels(OWNER))
        nodepools = self.client(zone).get_sks_cluster(id=cluster)["nodepools"]
        return made, next(str(one["instance-pool"]["id"]) for one in nodepools if one["id"] == made)

    def instance(self, pool: str, zone: str = ZONE) -> str:
        """The one member of a pool."""
        (found,) = self.client(zone).list_instances(manager_id=pool, manager_type="instance-pool")["instances"]
        return str(found["id"])

    def machine(self, zone: str = ZONE) -> str:
        """A person's instance, in no pool."""
        return self.make("create_instance", zone, disk_size=10, instance_type=SMALL, template=TEMPLATE)

    def balancer(self, owner: StackRef | None, pool: str = "", zone: str = ZONE) -> str:
        """An NLB; given a pool, with a service that sends traffic there."""
        labels = {"labels": owner.labels(OWNER)} if owner else {}
        made = self.make("create_load_balancer", zone, name="nlb", **labels)
        if pool:
            service = {"name": "p80", "protocol": "tcp", "strategy": "round-robin", "port": 80, "target_port": 30080}
            target = {"instance_pool": {"id": pool}, "healthcheck": HEALTHCHECK}
            self.make("add_service_to_load_balancer", zone, id=made, **service, **target)
        return made

    def volume(self, labels: Mapping[str, str], instance: str = "", zone: str = ZONE) -> str:
        """A volume as the CSI driver makes it, 10 GiB; given an instance, attached to it."""
        more = {"labels": dict(labels)} if labels else {}
        made = self.make("create_block_storage_volume", zone, name=PVC, size=10, **more)
        if instance:
            self.make("attach_block_storage_volume_to_instance", zone, id=made, instance={"id": instance})
        return made

    def snapshot(self, volume: str, zone: str = ZONE) -> str:
        return self.make("create_block_storage_snapshot", zone, id=volume, name="snapshot")

    def groups(self, owner: StackRef) -> tuple[str, str]:
        """A security group that lets its members talk to each other, and an anti-affinity group."""
        text = {"name": owner.name("nodes"), "description": owner.describe("Nodes", OWNER)}
        security = self.make("create_security_group", **text)
        rule = {"flow_direction": "ingress", "protocol": "tcp", "start_port": 10250, "end_port": 10250}
        self.make("add_rule_to_security_group", id=security, **rule, security_group={"id": security})
        return security, self.make("create_anti_affinity_group", **text)

    def held(self) -> dict[str, set[str]]:
        """What the cloud holds in any zone, the sandbox's own `default` security group aside."""
        kinds = ("sks-cluster", "sks-nodepool", "instance", "load-balancer", "block-storage", "block-storage-snapshot")
        found = {kind: {one["id"] for one in self.cloud.store.list(kind)} for kind in kinds}
        for kind in ("security-group", "anti-affinity-group"):
            found[kind] = {one["id"] for one in self.cloud.store.list(kind) if one["name"] != "default"}
        return {kind: ids for kind, ids in found.items() if ids}
