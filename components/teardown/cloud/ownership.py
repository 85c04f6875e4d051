"""Decides who owns each resource in the account. Every command uses this one rule.

A resource has the owners that something proves: a label, the state that records it, the cluster whose controllers made
it, and whatever it serves, is attached to, or is held by. With one owner, it is that stack's. With several, it is
shared, and nobody deletes it. With none, it is nobody's. A name fragment, or an object in a cluster that merely names
the resource, proves no owner.

This module calls no API: the rule works on the answers of `survey`, the state and the cluster.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from .account import Document
from .prices import DISK_GB, INSTANCES, LEVELS, LOAD_BALANCER, VOLUME_GB, per_month
from .resource import (
    ANTI_AFFINITY_GROUP,
    BALANCER,
    CLUSTER,
    GLOBAL,
    INSTANCE,
    INSTANCE_POOL,
    KINDS,
    NODEPOOL,
    SECURITY_GROUP,
    SNAPSHOT,
    SOMEBODY,
    VOLUME,
    Owners,
    Resource,
)
from .stack_ref import StackRef
from .survey import Survey

_FREE = Decimal(0)
_UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
# The names that the cloud controller manager gives an NLB, and the CSI driver's provisioner a volume.
OF_A_SERVICE = re.compile(f"k8s-{_UUID}")
OF_A_CLAIM = re.compile(f"pvc-{_UUID}")
DESCRIBED = "its name and description"
# Labels of instances that Karpenter made, which are in no pool: karpenter-provider-exoscale, instance/provider.go.
_WORN = ("security-groups", "anti-affinity-groups")
_OF_CLUSTER = "exoscale.com/cluster-id"


@dataclass(frozen=True)
class Evidence:
    """The evidence about one stack beyond the account itself.

    Args:
        stack: the stack.
        recorded: ids of the cloud resources that its state records.
        pools: ids of the instance pools that its state records, including those that are gone.
        services: uids of the Services of type LoadBalancer in its clusters.
        external: ids of the NLBs that those Services are attached to and do not own.
        provisioned: names of PersistentVolumes made by the CSI driver of its clusters, by volume id. The driver gives
            the volume the same name.
        static: ids of volumes that a PersistentVolume of its clusters names but the CSI driver did not make.
        asked: whether its clusters were asked for these four, so that what they do not name is not theirs.
    """

    stack: StackRef
    recorded: frozenset[str] = frozenset()
    pools: frozenset[str] = frozenset()
    services: frozenset[str] = frozenset()
    external: frozenset[str] = frozenset()
    provisioned: Mapping[str, str] = field(default_factory=dict)
    static: frozenset[str] = frozenset()
    asked: bool = False


def resources(surveys: Iterable[Survey], evidence: Evidence | None = None) -> list[Resource]:
    """Lists everything the account holds with its owners; each resource comes after those it depends on.

    Args:
        evidence: evidence about the stack in question; None uses the account alone.
    """
    known = evidence or Evidence(SOMEBODY)
    zones = [_Zone(one, known) for one in surveys]
    found = [item for zone in zones for item in zone.resources()]
    # Groups exist in every zone, and so may the machines they are attached to.
    found += [item for zone in zones for item in zone.groups(zones)]
    return sorted(found, key=lambda item: (KINDS.index(item.kind), item.zone, item.name, item.id))


def worn_by(surveys: Iterable[Survey], group_id: str) -> list[str]:
    """Names the nodepools and instances that a group is attached to."""
    return [f"{what} {document['id']}" for one in surveys for what, document in _wearers(one).get(group_id, [])]


def _wearers(survey: Survey) -> dict[str, list[tuple[str, Document]]]:
    """The nodepools and instances that each group is attached to, by its id."""
    found: dict[str, list[tuple[str, Document]]] = {}
    nodepools = [pool for cluster in survey.clusters for pool in cluster.get("nodepools") or []]
    for what, documents in ((NODEPOOL, nodepools), (INSTANCE, survey.instances)):
        for document in documents:
            for group_id in {group["id"] for key in _WORN for group in document.get(key) or []}:
                found.setdefault(group_id, []).append((what, document))
    return found


class _Zone:
    """The resources of one zone."""

    def __init__(self, survey: Survey, evidence: Evidence) -> None:
        self._survey, self._known = survey, evidence
        self._clusters: dict[str, Resource] = {}
        # By instance pool id: its owners, and what an instance in it depends on. A pool that is neither in the account
        # nor recorded is left out: nobody's traffic goes there.
        self._pools: dict[str, tuple[Owners, str, int]] = {}
        self._instances: dict[str, Resource] = {}
        self._volumes: dict[str, Resource] = {}
        # An account may hold many stacks: whatever is asked for each resource is looked up, not searched for.
        self._wearers = _wearers(survey)
        self._snapshots: dict[str, list[Document]] = {}
        for snapshot in survey.snapshots:
            self._snapshots.setdefault((snapshot.get("block-storage-volume") or {}).get("id", ""), []).append(snapshot)

    def resources(self) -> Iterator[Resource]:
        """All but the groups."""
        survey = self._survey
        for cluster in survey.clusters:
            yield from self._of_cluster(cluster)
        yield from self._of_pools()
        for instance in survey.instances:
            yield self._of_instance(instance)
        for balancer in survey.balancers:
            yield self._of_balancer(balancer)
        for volume in survey.volumes:
            yield self._of_volume(volume)
        for snapshot in survey.snapshots:
            yield self._of_snapshot(snapshot)

    def groups(self, zones: Sequence["_Zone"]) -> Iterator[Resource]:
        """Lists the groups that this zone was asked for.

        Args:
            zones: all zones, as a group may be attached to machines in any; `resources` was called for each.
        """
        stacks = {stack for zone in zones for stack in zone._survey.stacks}
        for kind, documents in (
            (SECURITY_GROUP, self._survey.security_groups),
            (ANTI_AFFINITY_GROUP, self._survey.anti_affinity_groups),
        ):
            for group in documents:
                said = StackRef.from_description(group)
                owners: Owners = {said.under_todays_name(stacks): DESCRIBED} if said else {}
                if not said or said.id == self._known.stack.id:
                    owners = {**owners, **self._own(group, {})}
                # Attached machines add owners to a group that has one, but prove none: users have their own groups.
                worn = {owner: why for zone in zones for owner, why in zone.worn(group["id"]).items() if owners}
                yield self._made(kind, group, _FREE, {**worn, **owners})

    def worn(self, group_id: str) -> Owners:
        """Returns the owners of this zone's machines that a group is attached to."""
        owners: dict[StackRef, str] = {}
        for what, document in self._wearers.get(group_id, []):
            pool = document["instance-pool"]["id"] if what == NODEPOOL else ""
            whose = self._pools[pool][0] if pool else self._instances[document["id"]].owners
            owners |= dict.fromkeys(whose, f"attached to {what} {document['id']}")
        return owners

    def _own(self, document: Document, otherwise: Owners) -> Owners:
        """Returns the owners by label, which overrides everything else; without a label, the state counts."""
        if label := StackRef.from_labels(document):
            return {label: "its labels"}
        if document["id"] in self._known.recorded:
            return {self._known.stack: "its state records it"}
        return otherwise

    def _of_cluster(self, cluster: Document) -> Iterator[Resource]:
        owners = self._own(cluster, {SOMEBODY: "a cluster without a stack's labels"})
        nodepools = cluster.get("nodepools") or []
        guests = {  # they would have to be deleted with the cluster
            label: f"nodepool {nodepool['id']} carries its labels"
            for nodepool in nodepools
            if (label := StackRef.from_labels(nodepool))
        }
        price = per_month(LEVELS.get(cluster.get("level", "")))
        made = self._made(CLUSTER, cluster, price, {**guests, **owners})
        self._clusters[made.id] = made
        yield made
        for nodepool in nodepools:
            inherited = dict.fromkeys(owners, f"in cluster {made.id}")
            own = self._own(nodepool, inherited)
            through = made.id if own == inherited else ""
            size = bool(nodepool.get("size"))
            yield self._made(NODEPOOL, nodepool, _FREE, own, billable=size, parent=made.id, through=through)
            why = dict.fromkeys(own, f"in nodepool {nodepool['id']}")
            self._pools[nodepool["instance-pool"]["id"]] = why, nodepool["id"], nodepool.get("disk-size", 0)

    def _of_pools(self) -> Iterator[Resource]:
        """Lists instance pools without a nodepool; those of nodepools are deleted with them."""
        recorded = {self._known.stack: "its state records it"}
        for pool in self._survey.instance_pools:
            if pool["id"] in self._pools:
                continue
            otherwise = recorded if pool["id"] in self._known.pools else {SOMEBODY: "a pool without a stack's labels"}
            owners = self._own(pool, otherwise)
            self._pools[pool["id"]] = dict.fromkeys(owners, f"in instance pool {pool['id']}"), pool["id"], 0
            yield self._made(INSTANCE_POOL, pool, _FREE, owners, billable=bool(pool.get("size")))
        for pool_id in self._known.pools - self._pools.keys():
            self._pools[pool_id] = recorded, "", 0

    def _of_instance(self, instance: Document) -> Resource:
        manager = (instance.get("manager") or {}).get("id", "")
        cluster = self._clusters.get((instance.get("labels") or {}).get(_OF_CLUSTER, ""))
        through, disk = "", instance.get("disk-size", 0)
        if manager in self._pools:
            owners, through, size = self._pools[manager]
            disk = size or disk
        elif cluster:
            inherited = dict.fromkeys(cluster.owners, f"a node of cluster {cluster.id}")
            owners, through = {**inherited, **self._own(instance, {})}, cluster.id
        else:
            owners = self._own(instance, {SOMEBODY: "an instance without a stack's labels"})
        kind_of = self._survey.instance_types.get((instance.get("instance-type") or {}).get("id", ""), "")
        machine, local = per_month(INSTANCES.get(kind_of)), per_month(DISK_GB, disk)
        price = None if machine is None or local is None or not disk else machine + local
        parent = through if manager else ""
        made = self._made(INSTANCE, instance, price, owners, parent=parent, through=through)
        self._instances[made.id] = made
        return made

    def _of_balancer(self, balancer: Document) -> Resource:
        known, targets = self._known, targets_of(balancer)
        owners: dict[StackRef, str] = {}
        through = ""
        for pool in sorted(set(targets.values()) & self._pools.keys()):
            whose, nodepool, _ = self._pools[pool]
            owners |= dict.fromkeys(whose, f"sends traffic to instance pool {pool}")
            through = through or (nodepool if known.stack in whose or known.stack == SOMEBODY else "")
        own = self._own(balancer, {})
        if balancer["id"] in known.external and not own:
            owners[SOMEBODY] = "a Service is attached to it and does not own it"
        if not owners and not own:
            if balancer["name"] in {f"k8s-{uid}" for uid in known.services}:
                own = {known.stack: "named after a Service of its cluster"}
            elif said := StackRef.from_description(balancer):
                # When the cloud controller manager makes the NLB, it first copies the description of the stack's own
                # Service; nothing else identifies the NLB yet.
                own = {said: DESCRIBED}
        to_us = [id_ for id_, pool in targets.items() if known.stack in self._pools.get(pool, ({},))[0]]
        price = per_month(LOAD_BALANCER)
        return self._made(
            BALANCER, balancer, price, {**owners, **own}, through=through, targets=targets, to_us=tuple(to_us)
        )

    def _of_volume(self, volume: Document) -> Resource:
        known, holder = self._known, self._instances.get((volume.get("instance") or {}).get("id", ""))
        attached = dict.fromkeys(holder.owners, f"attached to instance {holder.id}") if holder else {}
        # The driver names a volume after its PersistentVolume, but anybody may give a volume any name.
        named = volume["id"] in known.static or volume["id"] in known.provisioned
        by_name = bool(OF_A_CLAIM.fullmatch(volume["name"])) and not named and not known.asked
        otherwise: Owners = {}
        if known.provisioned.get(volume["id"]) == volume["name"]:
            otherwise = {known.stack: "made by the CSI driver of its cluster"}
        elif holder and not by_name:  # a person's PersistentVolume, or a volume that somebody attached
            otherwise = {SOMEBODY: "nothing proves that the CSI driver of a cluster made it"}
        owners = {**attached, **self._own(volume, otherwise)}
        if held := self._holds(volume):  # a holder adds owners, but alone proves none
            owners = {**held, **(owners or {SOMEBODY: "nothing proves whose it is"})}
        through = holder.id if holder and holder.owners.keys() == owners.keys() else ""
        made = self._made(VOLUME, volume, per_month(VOLUME_GB, volume["size"]), owners, through=through)
        self._volumes[made.id] = made
        return made

    def _holds(self, volume: Document) -> Owners:
        """Returns the owners of a volume's snapshots, which would have to be deleted with it."""
        of_it = self._snapshots.get(volume["id"], [])
        labels = [(StackRef.from_labels(one), one["id"]) for one in of_it]
        return {label: f"snapshot {id_} carries its labels" for label, id_ in labels if label}

    def _of_snapshot(self, snapshot: Document) -> Resource:
        volume = self._volumes.get((snapshot.get("block-storage-volume") or {}).get("id", ""))
        inherited = dict.fromkeys(volume.owners, f"of volume {volume.id}") if volume else {}
        through = volume.id if volume else ""
        return self._made(SNAPSHOT, snapshot, None, {**inherited, **self._own(snapshot, {})}, through=through)

    def _made(self, kind: str, document: Document, price: Decimal | None, owners: Owners, **rest: Any) -> Resource:
        created = document.get("created-at")
        return Resource(
            kind,
            document["id"],
            document.get("name", ""),
            "" if kind in GLOBAL else self._survey.zone,
            datetime.fromisoformat(created) if created else None,
            price,
            owners,
            **{
                "billable": price != _FREE,
                "labels": document.get("labels") or {},
                "state": document.get("state", ""),
                **rest,
            },
        )


def targets_of(balancer: Document) -> dict[str, str]:
    """Returns the instance pool that each service of an NLB sends traffic to, by service id."""
    return {service["id"]: service["instance-pool"]["id"] for service in balancer.get("services", [])}
