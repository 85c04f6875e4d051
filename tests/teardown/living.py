"""A stack of ours that is up, on paper."""

from collections.abc import Collection

from components.teardown.audit import StackAudit, of_stack
from components.teardown.cloud.account import Document
from components.teardown.state.recorded import BALANCER, recorded
from tests.teardown.deployment import cluster, exported, nodepool, resource, stack_id
from tests.teardown.paper import (
    OURS,
    PaperAccount,
)


class Living:
    """What it has in an account, and its state."""

    def __init__(self, account: PaperAccount) -> None:
        self.cluster = account.cluster()
        self.nodepool, self.pool = account.nodepool(self.cluster, size=2)
        self.nodes = [account.instance(self.pool) for _ in range(2)]
        self.balancer = account.balancer(self.pool, owner=OURS, name=OURS.name("ingress"))
        self.state = exported(
            stack_id(),
            cluster(self.cluster),
            nodepool(self.nodepool, self.pool, self.cluster),
            resource(BALANCER, "ingress", self.balancer),
            saved="2026-11-23T00:00:00Z",
        )


def audited(
    account: PaperAccount, state: Document | None = None, stack_id: str = "", twins: Collection[str] = ()
) -> StackAudit:
    """What an audit of the one zone finds."""
    known = recorded(state) if state else None
    return of_stack({account.zone: account}, OURS.project, OURS.stack, known, stack_id, [*twins])
