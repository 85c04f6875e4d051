"""The half of a drain that needs no API server: handles the cluster's NLBs and volumes in the cloud, by ownership.

`Drain` runs it after the cluster's own controllers have done what they could; `rescue` if there is no cluster to ask.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from .cloud import labels, removal
from .cloud.account import Account
from .cloud.ownership import Evidence, resources
from .cloud.resource import BALANCER, NODEPOOL, SNAPSHOT, VOLUME, Resource, Verdict
from .cloud.stack_ref import StackRef
from .cloud.survey import survey
from .errors import TeardownError
from .storage_policy import OVERRIDE
from .subject import Say, Subject


@dataclass(frozen=True)
class DrainTarget:
    """The target of a drain, as the last `up` recorded it.

    Args:
        cluster_id: the SKS cluster.
        pool_ids: instance pools of its nodepools; those that the cloud shows are added.
        load_balancers: ids or names of the NLBs that are resources of the stack.
        on_destroy: what to do with volumes, one of `storage_policy.POLICIES`.
        releases: whether Helm has to uninstall something afterwards.
        wait_seconds: how long to wait for something that makes no progress.
    """

    cluster_id: str
    pool_ids: tuple[str, ...] = ()
    load_balancers: tuple[str, ...] = ()
    on_destroy: str = "refuse"
    releases: bool = False
    wait_seconds: float = 120


@dataclass
class CloudDrain:
    """The cloud resources of one cluster.

    Args:
        account: the zone's API.
        subject: the stack.
        target: the cluster to drain.
        say: called with a line for each step.
    """

    account: Account
    subject: Subject
    target: DrainTarget
    say: Say
    known: Evidence = field(init=False)
    """The evidence about the stack; `learn` adds what its cluster says."""

    def __post_init__(self) -> None:
        pools = frozenset(filter(None, self.target.pool_ids))
        self.known = Evidence(self.subject.ref, recorded=frozenset({self.target.cluster_id}), pools=pools)

    @property
    def keeps(self) -> bool:
        """Whether volumes stay."""
        return self.target.on_destroy == "keep"

    def learn(self, services: set[str], external: set[str], provisioned: dict[str, str], static: set[str]) -> None:
        """Adds to the evidence; see `Evidence` for the arguments."""
        known = self.known
        self.known = replace(
            known,
            services=known.services | services,
            external=known.external | external,
            provisioned={**known.provisioned, **provisioned},
            static=known.static | static,
            asked=True,
        )

    def look(self) -> list[Resource]:
        """Lists the zone's resources with their owners."""
        return resources(survey({self.subject.zone: self.account}, groups=False), self.known)

    def has_machines(self) -> bool:
        """Whether a nodepool of the cluster has any."""
        pools = [item for item in self.look() if item.kind == NODEPOOL and item.parent == self.target.cluster_id]
        return any(pool.billable for pool in pools)

    def data(self, found: list[Resource]) -> list[Resource]:
        """The stack's volumes and snapshots."""
        return [*self._ours(found, VOLUME), *self._ours(found, SNAPSHOT)]

    def balancers(self, found: list[Resource]) -> list[Resource]:
        """The stack's NLBs that are not Pulumi resources of it."""
        return [item for item in self._ours(found, BALANCER) if not self._is_managed(item)]

    def served(self, found: list[Resource]) -> list[Resource]:
        """NLBs with services of the stack that are shared with others or are deleted later as resources of the
        stack."""
        items = [item for item in found if item.kind == BALANCER and item.to_us]
        return [item for item in items if self._is_managed(item) or self._is_shared(item)]

    def fate(self, balancer: Resource) -> str:
        """Says in words what happens to such an NLB."""
        return "which goes with the stack" if self._is_managed(balancer) else f"which stays: {balancer.proof}"

    def left_alone(self, found: list[Resource]) -> list[str]:
        """Returns a line for each resource that the cluster or its machines use and that is not the stack's alone."""
        named = self.known.static | self.known.provisioned.keys()
        verdicts = [(item, item.verdict(self.subject.ref)) for item in found if item.kind == VOLUME]
        partly = [item for item, verdict in verdicts if verdict is Verdict.PARTLY]
        others = [item for item, verdict in verdicts if verdict in (Verdict.ANOTHERS, Verdict.NOBODYS)]
        volumes = [*partly, *(item for item in others if item.id in named)]
        shared = [item for item in found if item.kind == BALANCER and self._is_shared(item)]
        return [f"leaving {item}: {item.proof or 'nothing proves whose it is'}" for item in (*shared, *volumes)]

    def refuse_data(self, found: list[Resource], on_nodes: Sequence[object] = ()) -> None:
        """
        Args:
            on_nodes: volumes on the nodes' own disks, which nothing can keep.

        Raises:
            TeardownError: there is data and the policy is `refuse`; or it is `keep`, and there is data on the nodes.
        """
        if self.keeps and on_nodes:
            raise TeardownError(
                f"storage.on-destroy is keep, and nothing keeps what is on the nodes' own disks: "
                f"{'; '.join(map(str, on_nodes))}. Next: copy the data away and delete these volumes with their "
                f"claims, then run it again; or give all volumes up: `{OVERRIDE}=delete pulumi destroy`"
            )
        if self.target.on_destroy == "refuse" and (data := [*self.data(found), *on_nodes]):
            raise TeardownError(
                f"the cluster's volumes hold data: {'; '.join(map(str, data))}. Next: delete their claims, or say "
                f"what becomes of them: `{OVERRIDE}=delete pulumi destroy`{'' if on_nodes else ' (or keep)'}"
            )

    def refuse_guests(self, found: list[Resource]) -> None:
        """
        Raises:
            TeardownError: others use the stack's own NLB, which would be deleted with the stack, and their services
                with it.
        """
        for item in found:
            if item.kind == BALANCER and self._is_managed(item) and item.verdict(self.subject.ref) is Verdict.PARTLY:
                guests = ", ".join(sorted(item.targets.keys() - {*item.to_us}))
                raise TeardownError(
                    f"{item} goes with this stack, and others use it: {item.proof}. Next: have its services {guests} "
                    f"moved (`exo compute load-balancer service delete {item.id} SERVICE --zone {item.zone}`), then "
                    "run it again"
                )

    def label(self, items: list[Resource]) -> None:
        """Labels resources as the stack's, because nothing else says so once the cluster is gone."""
        for item in items:
            keep = self.keeps and item.kind != BALANCER
            labels.tag(self.account, item, self.subject.ref, self.subject.owner, keep)

    def unlabelled_data(self) -> list[Resource]:
        """Returns volumes and snapshots that no drain has labelled yet."""
        data = self.data(self.look())
        return [item for item in data if StackRef.from_labels({"labels": item.labels}) != self.subject.ref]

    def settle_volumes(self) -> list[str]:
        """Deletes, keeps or refuses volumes and snapshots, as the policy says.

        Returns:
            A line for each that is kept.
        """
        found = self.look()
        self.refuse_data(found)
        data = self.data(found)
        self.label(data)
        if self.keeps:
            return [f"keeping {item}: it keeps costing money" for item in data]
        if data:
            self._remove(lambda: self.data(self.look()))
        return []

    def remove_load_balancers(self) -> None:
        """Deletes the stack's own NLBs that no controller deleted, and removes its services from all others."""
        found = self.look()
        if self.balancers(found):
            self._remove(lambda: self.balancers(self.look()))
            found = self.look()
        for balancer in self.served(found):
            removal.take_off(self.account, balancer, self.fate(balancer), self.say)

    def _remove(self, find: Callable[[], list[Resource]]) -> None:
        removal.remove({self.subject.zone: self.account}, find, self.say, self.target.wait_seconds)

    def _is_managed(self, item: Resource) -> bool:
        """Whether an NLB is a resource of the stack, which Pulumi deletes later."""
        kept, carried = self.target.load_balancers, StackRef.from_labels({"labels": item.labels})
        return item.id in kept or (item.name in kept and carried == self.subject.ref)

    def _is_shared(self, item: Resource) -> bool:
        return item.verdict(self.subject.ref) is Verdict.PARTLY and not self._is_managed(item)

    def _ours(self, found: list[Resource], kind: str) -> list[Resource]:
        return [item for item in found if item.kind == kind and item.verdict(self.subject.ref) is Verdict.OURS]
