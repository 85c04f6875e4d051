"""Whose each thing in the account is: by exact labels, relations of exact ids, exact names; never by a fragment."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from components.prices import DISK_GB, INSTANCES, LEVELS, LOAD_BALANCER, VOLUME_GB, per_month
from teardown.account import Document
from teardown.holdings import (
    ANTI_AFFINITY_GROUP,
    BALANCER,
    CLUSTER,
    INSTANCE,
    KINDS,
    NODEPOOL,
    SECURITY_GROUP,
    SNAPSHOT,
    VOLUME,
    Holding,
    Whose,
)
from teardown.load_balancers import targets
from teardown.survey import Survey

_FREE = Decimal(0)
_UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
OF_A_SERVICE = re.compile(f"k8s-{_UUID}")  # how the cloud controller manager names an NLB (facts §5)
OF_A_CLAIM = re.compile(f"pvc-{_UUID}")  # how the CSI driver's provisioner names a volume
DESCRIBED = "its name and description"


def holdings(surveys: Iterable[Survey], recorded_pools: Mapping[str, Whose] | None = None) -> list[Holding]:
    """All that is provably some stack's, whichever that is.

    Args:
        recorded_pools: instance pools that the state of a stack records. They prove what belonged to them when they
            and their nodepool are gone.
    """
    found: list[Holding] = []
    for one in surveys:
        found += _Zone(one, recorded_pools or {}).holdings()
    return sorted(found, key=lambda item: (KINDS.index(item.kind), item.zone, item.name, item.id))


def nobodys(surveys: Iterable[Survey], proven: Iterable[Holding]) -> list[Holding]:
    """What looks like a dead cluster's and is provably nobody's. To be shown, never to be deleted.

    Args:
        proven: what `holdings` gave.
    """
    known = {item.id for item in proven}
    found: list[Holding] = []
    for one in surveys:
        found += [item for item in _orphans(one) if item.id not in known]
    return found


class _Zone:
    """Tells the owners of what one zone holds, each thing's after that of what it hangs on."""

    def __init__(self, survey: Survey, recorded_pools: Mapping[str, Whose]) -> None:
        self._survey = survey
        self._recorded = recorded_pools
        self._nodepools: dict[str, tuple[Holding, int]] = {}  # by instance pool id, with the size of a disk
        self._instances: dict[str, Holding] = {}
        self._volumes: dict[str, Holding] = {}

    def holdings(self) -> list[Holding]:
        survey = self._survey
        found: list[Holding] = []
        for cluster in survey.clusters:
            found += self._of_cluster(cluster)
        for instance in survey.instances:
            found += self._of_instance(instance)
        for balancer in survey.balancers:
            found += self._of_balancer(balancer)
        for volume in survey.volumes:
            found += self._of_volume(volume)
        for snapshot in survey.snapshots:
            found += self._of_snapshot(snapshot)
        for kind, groups in (
            (SECURITY_GROUP, survey.security_groups),
            (ANTI_AFFINITY_GROUP, survey.anti_affinity_groups),
        ):
            for group in groups:
                found += self._of_group(kind, group)
        return found

    def _of_cluster(self, cluster: Document) -> Iterator[Holding]:
        whose = Whose.by_labels(cluster)
        price = per_month(LEVELS.get(cluster.get("level", "")))
        if whose:
            yield self._made(CLUSTER, cluster, price, whose, "its labels")
        for nodepool in cluster.get("nodepools") or []:
            own = Whose.by_labels(nodepool)
            if not (own or whose):
                continue
            made = self._made(
                NODEPOOL,
                nodepool,
                _FREE,
                own or whose,
                "its labels" if own else f"in cluster {cluster['id']}",
                billable=bool(nodepool.get("size")),
                parent=cluster["id"],
                through="" if own else cluster["id"],
            )
            self._nodepools[nodepool["instance-pool"]["id"]] = made, nodepool.get("disk-size", 0)
            yield made

    def _of_instance(self, instance: Document) -> Iterator[Holding]:
        manager = (instance.get("manager") or {}).get("id", "")
        known = self._nodepools.get(manager)
        kind_of = self._survey.instance_types.get((instance.get("instance-type") or {}).get("id", ""), "")
        if known:
            nodepool, disk = known
            whose, proof, through = nodepool.whose, f"in nodepool {nodepool.id}", nodepool.id
        elif manager in self._recorded:
            disk = instance.get("disk-size", 0)
            whose, proof, through = self._recorded[manager], f"in recorded instance pool {manager}", ""
        else:
            return
        machine, local = per_month(INSTANCES.get(kind_of)), per_month(DISK_GB, disk)
        price = None if machine is None or local is None or not disk else machine + local
        made = self._made(INSTANCE, instance, price, whose, proof, parent=through, through=through)
        self._instances[instance["id"]] = made
        yield made

    def _of_balancer(self, balancer: Document) -> Iterator[Holding]:
        own, price = Whose.by_labels(balancer), per_month(LOAD_BALANCER)
        # By id, so that two nodepools of one stack make one owner.
        served = {pool: self._nodepools[pool][0] for pool in sorted(targets(balancer)) if pool in self._nodepools}
        gone = {pool: self._recorded[pool] for pool in sorted(targets(balancer)) if pool in self._recorded}
        owners = {nodepool.whose for nodepool in served.values()} | {gone[pool] for pool in gone if pool not in served}
        if len(owners) == 1 and own in (None, *owners):
            whose = owners.pop()
            through = next((nodepool.id for nodepool in served.values()), "")
            proof = f"sends traffic to instance pool {next(iter(served or gone))}"
            yield self._made(BALANCER, balancer, price, whose, proof, through=through)
        elif own:
            yield self._made(BALANCER, balancer, price, own, "its labels")
        elif not owners and (said := Whose.by_description(balancer)):
            # The cloud controller manager made it for a stack's own Service, and has given it no service yet.
            yield self._made(BALANCER, balancer, price, said, DESCRIBED)

    def _of_volume(self, volume: Document) -> Iterator[Holding]:
        holder = self._instances.get((volume.get("instance") or {}).get("id", ""))
        yield from self._of_data(VOLUME, volume, per_month(VOLUME_GB, volume["size"]), holder, "attached to")

    def _of_snapshot(self, snapshot: Document) -> Iterator[Holding]:
        holder = self._volumes.get((snapshot.get("block-storage-volume") or {}).get("id", ""))
        yield from self._of_data(SNAPSHOT, snapshot, None, holder, "of")

    def _of_data(
        self, kind: str, document: Document, price: Decimal | None, holder: Holding | None, relation: str
    ) -> Iterator[Holding]:
        own = Whose.by_labels(document)
        whose = own or (holder.whose if holder else None)
        if whose is None:
            return
        related = holder is not None and holder.whose == whose
        proof = f"{relation} {holder.kind} {holder.id}" if holder and related else "its labels"
        made = self._made(kind, document, price, whose, proof, through=holder.id if holder and related else "")
        if kind == VOLUME:
            self._volumes[made.id] = made
        yield made

    def _of_group(self, kind: str, group: Document) -> Iterator[Holding]:
        if whose := Whose.by_description(group):
            yield self._made(kind, group, _FREE, whose, DESCRIBED)

    def _made(
        self, kind: str, document: Document, price: Decimal | None, whose: Whose | None, proof: str, **rest: Any
    ) -> Holding:
        return _holding(self._survey.zone, kind, document, price, whose, proof, **rest)


def _holding(
    zone: str, kind: str, document: Document, price: Decimal | None, whose: Whose | None, proof: str, **rest: Any
) -> Holding:
    created = document.get("created-at")
    return Holding(
        kind,
        document["id"],
        document.get("name", ""),
        "" if kind in (SECURITY_GROUP, ANTI_AFFINITY_GROUP) else zone,
        datetime.fromisoformat(created) if created else None,
        price,
        whose,
        proof,
        **{"billable": price != _FREE, "labels": document.get("labels") or {}, **rest},
    )


def _orphans(survey: Survey) -> Iterator[Holding]:
    for balancer in survey.balancers:
        pools = targets(balancer)
        if pools and not pools & survey.pool_ids:
            why = f"its instance pools are gone: {', '.join(sorted(pools))}"
        elif not pools and OF_A_SERVICE.fullmatch(balancer["name"]):
            why = "made for a Kubernetes Service, sends traffic nowhere"
        else:
            continue
        yield _holding(survey.zone, BALANCER, balancer, per_month(LOAD_BALANCER), None, why)
    loose = set()
    for volume in survey.volumes:
        if OF_A_CLAIM.fullmatch(volume["name"]) and not volume.get("instance") and not volume.get("labels"):
            loose.add(volume["id"])
            price = per_month(VOLUME_GB, volume["size"])
            yield _holding(
                survey.zone, VOLUME, volume, price, None, "made for a PersistentVolumeClaim, attached to nothing"
            )
    for snapshot in survey.snapshots:
        if (snapshot.get("block-storage-volume") or {}).get("id") in loose:
            yield _holding(survey.zone, SNAPSHOT, snapshot, None, None, "of such a volume")
