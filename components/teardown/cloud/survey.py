"""Lists what the account holds: zone by zone, exactly as the API shows it."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from ..errors import TeardownError
from .account import Account, Document
from .stack_ref import StackRef

Accounts = Mapping[str, Account]  # by zone
Unseen = Callable[[str, TeardownError], None]


@dataclass(frozen=True)
class Survey:
    """One zone. Groups belong to no zone: the first zone asked lists them all, the others none.

    Args:
        instance_types: `family.size` by id; empty if there are no instances.
    """

    zone: str
    clusters: list[Document] = field(default_factory=list)
    instances: list[Document] = field(default_factory=list)
    balancers: list[Document] = field(default_factory=list)
    volumes: list[Document] = field(default_factory=list)
    snapshots: list[Document] = field(default_factory=list)
    security_groups: list[Document] = field(default_factory=list)
    anti_affinity_groups: list[Document] = field(default_factory=list)
    instance_types: dict[str, str] = field(default_factory=dict)
    instance_pools: list[Document] = field(default_factory=list)

    @property
    def stacks(self) -> set[StackRef]:
        """The stacks named in labels."""
        nodepools = [pool for cluster in self.clusters for pool in cluster.get("nodepools") or []]
        labelled = (self.clusters, nodepools, self.instance_pools, self.instances, self.balancers, self.volumes)
        found = {StackRef.from_labels(one) for documents in (*labelled, self.snapshots) for one in documents}
        return {stack for stack in found if stack}


def survey(zones: Accounts, unseen: Unseen | None = None, groups: bool = True) -> list[Survey]:
    """Asks all zones at the same time.

    Args:
        zones: the account in each zone, at least one.
        groups: whether to list security and anti-affinity groups.
        unseen: called for a zone that did not answer and is left out; None raises instead.

    Raises:
        TeardownError: a zone did not answer.
    """
    first = next(iter(zones))
    with ThreadPoolExecutor(len(zones)) as pool:
        asked = {zone: pool.submit(_look, account, zone, groups and zone == first) for zone, account in zones.items()}
    found = []
    for zone, answer in asked.items():
        try:
            found.append(answer.result())
        except TeardownError as error:
            if unseen is None:
                raise TeardownError(f"{zone}: {error}") from None
            unseen(zone, error)
    return found


def _look(account: Account, zone: str, groups: bool) -> Survey:
    # A resource that refers to another is listed before that one. Otherwise something created in between would seem
    # to refer to nothing.
    snapshots = account.call(account.list_block_storage_snapshots).get("block-storage-snapshots", [])
    volumes = account.call(account.list_block_storage_volumes).get("block-storage-volumes", [])
    instances = account.call(account.list_instances).get("instances", [])
    balancers = account.call(account.list_load_balancers).get("load-balancers", [])
    types = account.call(account.list_instance_types).get("instance-types", []) if instances else []
    pools = account.call(account.list_instance_pools).get("instance-pools", [])
    return Survey(
        zone,
        clusters=account.call(account.list_sks_clusters).get("sks-clusters", []),
        instances=instances,
        balancers=balancers,
        volumes=volumes,
        snapshots=snapshots,
        security_groups=account.call(account.list_security_groups).get("security-groups", []) if groups else [],
        anti_affinity_groups=(
            account.call(account.list_anti_affinity_groups).get("anti-affinity-groups", []) if groups else []
        ),
        instance_types={one["id"]: f"{one['family']}.{one['size']}" for one in types},
        instance_pools=pools,
    )
