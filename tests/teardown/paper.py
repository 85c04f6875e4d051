"""An account on paper: documents as Exoscale's API shows them, without a server and with one of its refusals.

The pure rule and all that is built on it needs no more. `world.py` puts the same things into the simulated API, where
what the API does is the question; `cloud/test_survey.py` compares the two.
"""

import copy
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from components.teardown.cloud.account import Document, NotFound, Organization
from components.teardown.cloud.api_key import ApiKey
from components.teardown.cloud.ownership import Evidence, resources
from components.teardown.cloud.resource import Resource
from components.teardown.cloud.stack_ref import StackRef
from components.teardown.cloud.survey import Survey
from components.teardown.errors import TeardownError
from components.teardown.subject import Subject

ZONE, OTHER_ZONE = "ch-gva-2", "at-vie-1"
OWNER = "alice"
ACME, GLOBEX = Organization("org-1", "acme"), Organization("org-2", "globex")

OURS = StackRef("exoscale-sks", "dev", "aaaaaaaaaaaa")
NAMESAKE = StackRef("exoscale-sks", "dev", "bbbbbbbbbbbb")
NEIGHBOUR = StackRef("exoscale-sks", "dev-2", "cccccccccccc")
COPY = StackRef("exoscale-sks", "dev-copy", OURS.id)
SUBJECT = Subject("exoscale-sks", "dev", OWNER, ZONE, OURS.id, ACME.id, ACME.name)

UID = "11111111-2222-4333-8444-555555555555"
PVC, K8S = f"pvc-{UID}", f"k8s-{UID}"
BALANCER_NAME, BALANCER_SAYS = OURS.name("ingress"), OURS.describe("Load balancer", OWNER)

VERSIONS = ("1.35.0", "1.34.3", "1.34.2", "1.33.7", "1.32.9")  # newest first, as the API lists them
_LISTS = (
    "sks-clusters",
    "instance-pools",
    "instances",
    "load-balancers",
    "block-storage-volumes",
    "block-storage-snapshots",
    "security-groups",
    "anti-affinity-groups",
)
_DELETED = {
    "delete_sks_cluster": "sks-clusters",
    "delete_instance_pool": "instance-pools",
    "delete_instance": "instances",
    "delete_load_balancer": "load-balancers",
    "delete_block_storage_volume": "block-storage-volumes",
    "delete_block_storage_snapshot": "block-storage-snapshots",
    "delete_security_group": "security-groups",
    "delete_anti_affinity_group": "anti-affinity-groups",
}
_UPDATED = {
    "update_load_balancer": "load-balancers",
    "update_block_storage_volume": "block-storage-volumes",
    "update_block_storage_snapshot": "block-storage-snapshots",
}
_TYPE = {"id": "the-type"}


class PaperAccount:
    """One zone of an account, as the teardown asks for it; whatever it is asked, it does at once.

    `cluster`, `nodepool` and the like put something into it and give its id.
    """

    def __init__(self, zone: str = ZONE, organization: Organization = ACME) -> None:
        self.zone, self.home = zone, organization
        self.whom, self.api_key = "Exoscale", ApiKey("EXO1", "hush", "EXOSCALE_API_KEY")
        self.held: dict[str, list[Document]] = {name: [] for name in _LISTS}
        self.changes: list[str] = []
        self._made = 0

    def cluster(self, owner: StackRef | None = OURS, **more: Any) -> str:
        fields = {"level": "starter", "state": "running", "nodepools": [], "endpoint": f"https://{self.zone}.invalid"}
        return self._put("sks-clusters", "cluster", **(fields | _labels(owner) | more))

    def nodepool(self, cluster: str, owner: StackRef | None = OURS, size: int = 1, **more: Any) -> tuple[str, str]:
        """A nodepool without instances; the ids of itself and of its instance pool."""
        self._made += 1
        id_, pool = f"nodepool-{self._made}", f"pool-{self._made}"
        document = {"id": id_, "name": "p", "size": size, "disk-size": 20, "instance-pool": {"id": pool}}
        self._find("sks-clusters", cluster)["nodepools"].append(document | _labels(owner) | more)
        return id_, pool

    def pool(self, owner: StackRef | None = OURS) -> str:
        """The instance pool of a new cluster with one nodepool."""
        return self.nodepool(self.cluster(owner), owner)[1]

    def bare_pool(self, owner: StackRef | None = None, size: int = 1) -> str:
        """An instance pool without a nodepool."""
        return self._put("instance-pools", "pool", size=size, **_labels(owner))

    def instance(self, pool: str = "", owner: StackRef | None = None, **more: Any) -> str:
        """A member of a pool, or a machine of its own."""
        managed = {"manager": {"id": pool, "type": "instance-pool"}} if pool else {}
        return self._put(
            "instances", "instance", **{"instance-type": _TYPE, "disk-size": 20}, **managed, **(_labels(owner) | more)
        )

    def machine(self, owner: StackRef | None = OURS) -> str:
        """A node of a new cluster."""
        return self.instance(self.pool(owner))

    def balancer(self, *pools: str, owner: StackRef | None = None, name: str = "nlb", **more: Any) -> str:
        """An NLB with a service to each of the pools."""
        services = [{"id": f"to-{pool}", "instance-pool": {"id": pool}} for pool in pools]
        return self._put("load-balancers", "nlb", services=services, **({"name": name} | _labels(owner) | more))

    def volume(self, instance: str = "", owner: StackRef | None = None, name: str = PVC, **more: Any) -> str:
        """10 GiB; given an instance, attached to it."""
        attached = {"instance": {"id": instance}} if instance else {}
        labels = {"labels": {}} | _labels(owner)
        return self._put("block-storage-volumes", "volume", **{"name": name, "size": 10}, **attached, **(labels | more))

    def snapshot(self, volume: str, owner: StackRef | None = None) -> str:
        of = {"block-storage-volume": {"id": volume}}
        return self._put("block-storage-snapshots", "snapshot", **of, **_labels(owner))

    def security_group(self, owner: StackRef | None = OURS, **more: Any) -> str:
        return self._put("security-groups", "group", **(_described(owner) | {"rules": [{"id": "rule"}]} | more))

    def anti_affinity_group(self, owner: StackRef | None = OURS, **more: Any) -> str:
        return self._put("anti-affinity-groups", "placement", **(_described(owner) | more))

    def survey(self) -> Survey:
        """What `survey.survey` would find here."""
        return Survey(
            self.zone,
            clusters=self.held["sks-clusters"],
            instances=self.held["instances"],
            balancers=self.held["load-balancers"],
            volumes=self.held["block-storage-volumes"],
            snapshots=self.held["block-storage-snapshots"],
            security_groups=self.held["security-groups"],
            anti_affinity_groups=self.held["anti-affinity-groups"],
            instance_types={"the-type": "standard.small"},
            instance_pools=self.held["instance-pools"],
        )

    def ids(self) -> set[str]:
        """Of all that it holds."""
        nodepools = {pool["id"] for cluster in self.held["sks-clusters"] for pool in cluster["nodepools"]}
        return {document["id"] for documents in self.held.values() for document in documents} | nodepools

    def labels(self, id_: str) -> dict[str, str]:
        """Of one thing."""
        found = next(one for documents in self.held.values() for one in documents if one["id"] == id_)
        return dict(found.get("labels", {}))

    # What the teardown asks.

    def call(self, method: Callable[..., Document], **arguments: Any) -> Document:
        return method(**arguments)

    def finish(self, method: Callable[..., Document], **arguments: Any) -> Document:
        return method(**arguments)

    def organization(self) -> Organization:
        return self.home

    def get_organization(self) -> Document:
        return {"id": self.home.id, "name": self.home.name}

    def get_sks_cluster(self, id: str) -> Document:
        return copy.deepcopy(self._find("sks-clusters", id))

    def get_security_group(self, id: str) -> Document:
        return copy.deepcopy(self._find("security-groups", id))

    def generate_sks_cluster_kubeconfig(self, id: str, **_: Any) -> Document:
        self._find("sks-clusters", id)
        raise AssertionError("the paper account has no certificates; put a PaperApiServer in its place")

    def list_sks_cluster_versions(self) -> Document:
        return {"sks-cluster-versions": [*VERSIONS]}

    def list_instance_types(self) -> Document:
        return {"instance-types": [{"id": "the-type", "family": "standard", "size": "small"}]}

    def delete_sks_nodepool(self, id: str, sks_nodepool_id: str) -> Document:
        cluster = self._find("sks-clusters", id)
        self.changes.append(f"delete_sks_nodepool {sks_nodepool_id}")
        pools = [one["instance-pool"]["id"] for one in cluster["nodepools"] if one["id"] == sks_nodepool_id]
        cluster["nodepools"] = [one for one in cluster["nodepools"] if one["id"] != sks_nodepool_id]
        self._empty(pools)
        return {}

    def delete_load_balancer_service(self, id: str, service_id: str) -> Document:
        balancer = self._find("load-balancers", id)
        self.changes.append(f"delete_load_balancer_service {id} {service_id}")
        balancer["services"] = [one for one in balancer["services"] if one["id"] != service_id]
        return {}

    def delete_rule_from_security_group(self, id: str, rule_id: str) -> Document:
        group = self._find("security-groups", id)
        self.changes.append(f"delete_rule_from_security_group {id}")
        group["rules"] = [rule for rule in group["rules"] if rule["id"] != rule_id]
        return {}

    def detach_block_storage_volume(self, id: str) -> Document:
        self._find("block-storage-volumes", id).pop("instance", None)
        return {}

    def __getattr__(self, method: str) -> Callable[..., Document]:
        """Lists, deletes and labels of the other kinds."""
        name = method.removeprefix("list_").replace("_", "-")
        if name in _LISTS:
            return lambda: {name: [*self.held[name]]}
        if method in _DELETED:
            return lambda id: self._delete(method, _DELETED[method], id)
        if method in _UPDATED:
            return lambda id, labels: self._label(_UPDATED[method], id, labels)
        raise AttributeError(method)

    def _put(self, kind: str, prefix: str, **document: Any) -> str:
        self._made += 1
        id_ = f"{prefix}-{self._made}"
        self.held[kind].append({"id": id_, "name": prefix, "created-at": "2026-11-21T07:00:00Z", **document})
        return id_

    def _find(self, kind: str, id_: str) -> Document:
        for document in self.held[kind]:
            if document["id"] == id_:
                return document
        raise NotFound(f"{kind} {id_}")

    def _delete(self, method: str, kind: str, id_: str) -> Document:
        document = self._find(kind, id_)
        if document.get("nodepools"):
            raise TeardownError(f"cluster {id_} has nodepools")
        self.held[kind].remove(document)
        self.changes.append(f"{method} {id_}")
        if kind == "instance-pools":
            self._empty([id_])
        return {}

    def _label(self, kind: str, id_: str, labels: Mapping[str, str]) -> Document:
        self._find(kind, id_)["labels"] = dict(labels)
        self.changes.append(f"label {id_}")
        return {}

    def _empty(self, pools: Iterable[str]) -> None:
        """Takes the members of pools away, which lets go of their volumes."""
        gone = {one["id"] for one in self.held["instances"] if (one.get("manager") or {}).get("id") in pools}
        self.held["instances"] = [one for one in self.held["instances"] if one["id"] not in gone]
        for volume in self.held["block-storage-volumes"]:
            if (volume.get("instance") or {}).get("id") in gone:
                del volume["instance"]


def found(*accounts: PaperAccount, stack: StackRef = OURS, **evidence: Any) -> dict[str, Resource]:
    """What the rule says of all that is in these zones, by id."""
    items = resources([account.survey() for account in accounts], Evidence(stack, **evidence))
    return {item.id: item for item in items}


def _labels(owner: StackRef | None) -> dict[str, Any]:
    return {"labels": owner.labels(OWNER)} if owner else {}


def _described(owner: StackRef | None) -> dict[str, str]:
    return {"name": owner.name("nodes"), "description": owner.describe("Nodes", OWNER)} if owner else {"name": "group"}
