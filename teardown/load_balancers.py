"""The NLBs of a stack that no Pulumi resource stands for: those that the cloud controller manager made (facts §5)."""

import contextlib
from collections.abc import Collection

from teardown.account import Account, Document, NotFound
from teardown.holdings import Whose
from teardown.owner import Owner


def find(
    account: Account,
    owner: Owner,
    pool_ids: Collection[str],
    service_uids: Collection[str] = (),
    kept: Collection[str] = (),
) -> list[Document]:
    """NLBs that are provably the stack's: by its label or its description, by what they send traffic to, or by the name
    that the cloud controller manager gives, which is the Service's uid.

    Args:
        pool_ids: the stack's instance pools.
        service_uids: Services of the stack's cluster.
        kept: NLBs that are resources of the stack and go with it: their ids, or the names that the stack gave them.
    """
    names = {f"k8s-{uid}" for uid in service_uids}
    return [
        balancer
        for balancer in account.call(account.list_load_balancers)["load-balancers"]
        if not _is_kept(balancer, owner, kept)
        and (
            owner.owns(balancer)
            or _is_described(balancer, owner)
            or balancer["name"] in names
            or targets(balancer) & set(pool_ids)
        )
    ]


def targets(balancer: Document) -> set[str]:
    """Ids of the instance pools that it sends traffic to."""
    return {service["instance-pool"]["id"] for service in balancer.get("services", [])}


def claim(account: Account, owner: Owner, balancer: Document) -> None:
    """Labels it as the stack's, so that it is found again when cluster and pools are gone."""
    if not owner.owns(balancer):
        labels = {**(balancer.get("labels") or {}), **owner.labels}
        with contextlib.suppress(NotFound):
            account.finish(account.update_load_balancer, id=balancer["id"], labels=labels)


def release(account: Account, owner: Owner, kept: Collection[str], pool_ids: Collection[str]) -> None:
    """Takes services off NLBs that stay, which nobody else did: while they target a pool, Exoscale keeps that pool.

    Args:
        kept: see `find`; those that are gone are fine.
        pool_ids: instance pools that are to be deleted.
    """
    for balancer in account.call(account.list_load_balancers)["load-balancers"]:
        for service in balancer.get("services", []) if _is_kept(balancer, owner, kept) else []:
            if service["instance-pool"]["id"] in pool_ids:
                with contextlib.suppress(NotFound):
                    account.finish(account.delete_load_balancer_service, id=balancer["id"], service_id=service["id"])


def remove(account: Account, balancer_id: str) -> None:
    """Deletes it with its services; nothing happens where it is gone."""
    with contextlib.suppress(NotFound):
        account.finish(account.delete_load_balancer, id=balancer_id)


def _is_described(balancer: Document, owner: Owner) -> bool:
    """The cloud controller manager copies the description of the stack's own Service when it makes the NLB, before it
    gives it anything else by which it could be known. What it serves tells more, as in `ownership`."""
    whose = None if targets(balancer) else Whose.by_description(balancer)
    return whose is not None and bool(owner.stack_id) and whose.stack_id == owner.stack_id


def _is_kept(balancer: Document, owner: Owner, kept: Collection[str]) -> bool:
    return balancer["id"] in kept or (owner.owns(balancer) and balancer["name"] in kept)
