"""Takes out of a cluster what the cloud would go on charging for when the cluster is gone.

Each step may be the last one before somebody pulls the plug; run again, it goes on. So what is found is first labelled
as the stack's, then deleted by whoever made it, and only in the end by us.
"""

import time
from collections.abc import Collection
from dataclasses import dataclass, field

import click

from teardown import admission, claims, load_balancers, services, volumes
from teardown.account import Account, Document, NotFound, connect
from teardown.cluster import Cluster, Say, Unreachable, reach
from teardown.errors import TeardownError
from teardown.options import cluster_option, owner_options, zone_option
from teardown.owner import Owner

_PAUSE_SECONDS = 1.0


@click.command()
@owner_options
@zone_option
@cluster_option
@click.option("--pool", "pools", multiple=True, help="Id of an instance pool of the stack; may be given again.")
@click.option("--keep-nlb", "kept", multiple=True, help="Id or name of an NLB that is a resource of the stack.")
@click.option("--on-destroy", type=click.Choice(volumes.POLICIES), default="refuse", show_default=True)
@click.option("--releases/--no-releases", default=False, help="Whether Helm has to uninstall something afterwards.")
@click.option("--wait-seconds", type=float, default=120, show_default=True, help="Patience with what does not move.")
@click.option("--dry-run", is_flag=True, help="Only list what would be deleted.")
def drain(
    owner: Owner,
    zone: str,
    cluster: str,
    pools: tuple[str, ...],
    kept: tuple[str, ...],
    on_destroy: str,
    releases: bool,
    wait_seconds: float,
    dry_run: bool,
) -> None:
    """Remove a cluster's load balancers and, by policy, its volumes. Pulumi runs this first in a destroy.

    STORAGE_ON_DESTROY (refuse, delete or keep) in the environment overrides the policy that the last `up` recorded.
    """
    policy = volumes.override() or on_destroy
    account = connect(zone, owner.stack)
    work = Drain(account, owner, cluster, set(pools), set(kept), policy, wait_seconds, click.echo)
    if dry_run:
        work.plan()
    else:
        work.run(releases)


@dataclass
class Drain:
    """One drain of one cluster.

    Args:
        account: the zone's API.
        owner: the stack.
        cluster_id: its SKS cluster.
        pool_ids: its instance pools, as the last `up` recorded them; those that the cloud shows are added.
        kept: ids or names of NLBs that are resources of the stack.
        policy: what becomes of volumes, one of `volumes.POLICIES`.
        patience: seconds to wait for something that does not move.
        say: told each step.
    """

    account: Account
    owner: Owner
    cluster_id: str
    pool_ids: set[str]
    kept: set[str]
    policy: str
    patience: float
    say: Say
    _uids: set[str] = field(default_factory=set)
    _volume_ids: set[str] = field(default_factory=set)

    def run(self, releases: bool) -> None:
        """Drains.

        Args:
            releases: whether Helm has to uninstall something afterwards, which a dead control plane makes impossible.

        Raises:
            TeardownError: there are volumes and the policy is to refuse; or something holds an NLB; or the control
                plane does not answer and is needed.
        """
        self._learn_pools()
        dead = ""
        try:
            self._in_cluster()
        except (Unreachable, NotFound) as error:
            dead = str(error)
            self.say(f"{dead}; going on with what the cloud knows")
        self._settle_volumes(self._volumes())
        self._remove_load_balancers()
        load_balancers.release(self.account, self.owner, self.kept, self.pool_ids)
        if dead and releases:
            raise TeardownError(
                f"{dead}. Its NLBs are deleted, but Helm cannot uninstall without it. Next: `pulumi destroy` again "
                f"when it is back, or `make rescue STACK={self.owner.stack}` when it is gone for good"
            )
        self.say("drained: nothing in the cluster holds an NLB" + ("" if self.policy == "keep" else " or a volume"))

    def plan(self) -> None:
        """Says what `run` would delete."""
        self._learn_pools()
        cluster = reach(self.account, self.cluster_id, self.patience, self.say)
        for service in self._learn(cluster) if cluster else []:
            self.say(f"would delete Service {services.name(service)}")
        for balancer in self._load_balancers():
            self.say(f"would delete NLB {balancer['id']} ({balancer['name']})")
        verb = {"refuse": "would stop because of", "delete": "would delete", "keep": "would keep"}[self.policy]
        for line in self._volumes().lines():
            self.say(f"{verb} {line}")

    def _learn_pools(self) -> None:
        try:
            cluster = self.account.call(self.account.get_sks_cluster, id=self.cluster_id)
        except NotFound:
            return
        self.pool_ids |= {pool["instance-pool"]["id"] for pool in cluster.get("nodepools", [])}

    def _in_cluster(self) -> None:
        """What the cluster's own controllers can do, again from the start when its API server went away meanwhile."""
        deadline = time.monotonic() + self.patience
        while True:
            cluster = reach(self.account, self.cluster_id, max(0.0, deadline - time.monotonic()), self.say)
            if cluster is None:
                raise NotFound(f"cluster {self.cluster_id} is gone")
            try:
                self._drain(cluster)
            except Unreachable:
                if time.monotonic() > deadline:
                    raise
            else:
                return

    def _drain(self, cluster: Cluster) -> None:
        self._learn(cluster)
        found = self._volumes()
        self._refuse_if_asked_to(found)
        admission.refuse_load_balancers(cluster, self.say)
        if self.policy == "delete":
            admission.refuse_volume_claims(cluster)
        self._learn(cluster)  # what slipped in before the policy was in force
        volumes.claim(self.account, self.owner, self._volumes(), keep=self.policy == "keep")
        for balancer in self._load_balancers():
            load_balancers.claim(self.account, self.owner, balancer)
        stuck = services.remove(cluster, self.patience, self.say)
        if stuck:
            self._remove_load_balancers(stuck)
            stuck = services.release(cluster, stuck, self.patience, self.say)
        if stuck:
            raise TeardownError(
                f"{services.blocker(cluster, stuck[0])}. Next: find who puts it back, then run it again"
            )
        if self.policy == "delete":
            claims.remove(cluster, self.patience, self.say)

    def _learn(self, cluster: Cluster) -> list[Document]:
        found = services.load_balancers(cluster)
        self._uids |= {service["metadata"]["uid"] for service in found}
        self._volume_ids |= claims.volume_ids(cluster)
        return found

    def _volumes(self) -> volumes.Volumes:
        return volumes.find(self.account, self.owner, self.pool_ids, self._volume_ids)

    def _load_balancers(self) -> list[Document]:
        return load_balancers.find(self.account, self.owner, self.pool_ids, self._uids, self.kept)

    def _refuse_if_asked_to(self, found: volumes.Volumes) -> None:
        if found and self.policy == "refuse":
            raise TeardownError(
                f"the cluster's volumes hold data: {'; '.join(found.lines())}. Next: delete their claims, or say what "
                f"becomes of them: `{volumes.OVERRIDE}=delete pulumi destroy` (or keep)"
            )

    def _settle_volumes(self, found: volumes.Volumes) -> None:
        self._refuse_if_asked_to(found)
        volumes.claim(self.account, self.owner, found, keep=self.policy == "keep")
        if self.policy == "delete":
            for line in found.lines():
                self.say(f"deleting {line}")
            volumes.remove(self.account, found)
        for line in found.lines() if self.policy == "keep" else []:
            self.say(f"keeping {line}: it goes on costing money")

    def _remove_load_balancers(self, held_by: Collection[Document] = ()) -> None:
        """Deletes those that no controller deleted, until the cloud shows none."""
        deadline, said = time.monotonic() + self.patience, ""
        while balancers := self._load_balancers():
            for balancer in balancers:
                self.say(f"deleting NLB {balancer['id']} ({balancer['name']}) in the cloud")
                try:
                    load_balancers.remove(self.account, balancer["id"])
                except TeardownError as error:
                    said = str(error)
            if time.monotonic() > deadline:
                holders = {service["metadata"]["annotations"].get(services.BALANCER): service for service in held_by}
                holder = holders.get(balancers[0]["id"])
                by = f" is held by Service {services.name(holder)}" if holder else " cannot be deleted"
                raise TeardownError(
                    f"NLB {balancers[0]['id']} ({balancers[0]['name']}){by}: {said or 'it comes back'}. Next: "
                    f"`exo compute load-balancer delete {balancers[0]['id']}`, then run it again"
                )
            if said:
                time.sleep(_PAUSE_SECONDS)
