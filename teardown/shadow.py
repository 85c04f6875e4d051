"""What a dead control plane leaves in the cloud, found by exact ids: NLBs, volumes, and pools without a nodepool."""

import contextlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from teardown import load_balancers, volumes
from teardown.account import Account, Document, NotFound
from teardown.errors import TeardownError
from teardown.owner import Owner
from teardown.removal import Say
from teardown.volumes import OVERRIDE


@dataclass
class Shadow:
    """One zone of one stack. Call `look` first.

    Args:
        account: the zone's API.
        owner: the stack.
        cluster_ids: its clusters, those that Exoscale still knows and those that it does not.
        pool_ids: instance pools that are or were the stack's; those of the clusters' nodepools are added.
        lost: those of them whose cluster Exoscale does not know any more, so that no nodepool takes them along.
        kept: NLBs that are resources of the stack.
        policy: what becomes of volumes, one of `volumes.POLICIES`.
    """

    account: Account
    owner: Owner
    cluster_ids: Collection[str]
    pool_ids: Collection[str]
    lost: Collection[str]
    kept: Collection[str]
    policy: str
    _balancers: list[Document] = field(default_factory=list)
    _volumes: volumes.Volumes = field(default_factory=volumes.Volumes)

    def look(self) -> None:
        """Asks the cloud.

        Raises:
            TeardownError: there are volumes and the policy is to refuse.
        """
        pools = {*self.pool_ids, *self._nodepools()}
        self._balancers = load_balancers.find(self.account, self.owner, pools, kept=self.kept)
        found = volumes.find(self.account, self.owner, pools)
        # What an earlier drain labelled is settled.
        self._volumes = volumes.Volumes(
            tuple(one for one in found.volumes if not self.owner.owns(one)),
            tuple(one for one in found.snapshots if not self.owner.owns(one)),
        )
        if self._volumes and self.policy == "refuse":
            raise TeardownError(
                f"the cluster's volumes hold data: {'; '.join(self._volumes.lines())}. Next: say what becomes of them: "
                f"`{OVERRIDE}=delete python -m teardown rescue {self.owner.stack}` (or keep)"
            )
        if self._volumes and not self.owner.stack_id:
            raise TeardownError(
                f"the state of {self.owner.stack} holds no stack-id to label volumes with: "
                f"{'; '.join(self._volumes.lines())}. Next: delete them with `exo compute block-storage delete`"
            )

    def plan(self, say: Say) -> None:
        """Says what `clear` would do."""
        for balancer in self._balancers:
            say(f"would delete NLB {balancer['id']} ({balancer['name']})")
        for line in self._volumes.lines():
            say(f"would label {line}, which is to {'stay' if self.policy == 'keep' else 'go'}")

    def clear(self, say: Say) -> None:
        """Deletes NLBs and lost instance pools, and labels volumes for the sweep that ends a destroy.

        Raises:
            TeardownError: Exoscale refuses something.
        """
        for line in self._volumes.lines():
            say(f"labelling {line}, which is to {'stay: it goes on costing money' if self.policy == 'keep' else 'go'}")
        volumes.claim(self.account, self.owner, self._volumes, keep=self.policy == "keep")
        for balancer in self._balancers:
            say(f"deleting NLB {balancer['id']} ({balancer['name']})")
            load_balancers.remove(self.account, balancer["id"])
        for pool in sorted(self.lost):
            with contextlib.suppress(NotFound):
                self.account.call(self.account.get_instance_pool, id=pool)
                say(f"deleting instance pool {pool}, whose cluster is gone")
                self.account.finish(self.account.delete_instance_pool, id=pool)

    def _nodepools(self) -> Iterator[str]:
        """The instance pools behind all nodepools, recorded or not."""
        for id_ in self.cluster_ids:
            with contextlib.suppress(NotFound):
                cluster = self.account.call(self.account.get_sks_cluster, id=id_)
                yield from (nodepool["instance-pool"]["id"] for nodepool in cluster.get("nodepools", []))
