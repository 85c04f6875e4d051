"""Whatever an account looks like, no verb deletes, labels or rewires what is somebody else's."""

import contextlib
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings

from components.teardown import audit, drain
from components.teardown.audit import StackAudit
from components.teardown.cloud.account import Document
from components.teardown.cloud.ownership import Evidence, resources
from components.teardown.cloud.status import State, judge
from components.teardown.cloud_drain import CloudDrain, DrainTarget
from components.teardown.errors import TeardownError
from components.teardown.sweep import sweep_nodepools, sweep_stack
from tests.teardown.accounts import Shared, shared_accounts
from tests.teardown.paper import OURS, SUBJECT, ZONE, PaperAccount
from tests.teardown.paper_api_server import PaperApiServer

generated = settings(max_examples=40, derandomize=True, database=None, deadline=None)


def sweep(shared: Shared) -> None:
    sweep_stack({ZONE: shared.account}, SUBJECT, "delete", 0, lambda line: None)


def sweep_one_cluster(shared: Shared) -> None:
    for cluster in [*shared.account.held["sks-clusters"]]:
        with contextlib.suppress(TeardownError):
            sweep_nodepools(shared.account, SUBJECT, cluster["id"], 0, lambda line: None)


def fix(shared: Shared) -> None:
    """With all that a person can say yes to."""
    known = shared.known(OURS)

    def ask() -> StackAudit:
        found = resources([shared.account.survey()], Evidence(OURS, recorded=known.recorded, pools=known.pools))
        return StackAudit(OURS, judge(found, State(OURS, known.recorded)), [])

    ids, zones = shared.account.ids(), {ZONE: shared.account}
    audit.fix(zones, ask, True, ids, lambda going: True, lambda line: None, 0)


def drain_each_cluster(shared: Shared) -> None:
    """With an API server that says what the evidence holds."""
    known = shared.known(OURS)
    for cluster in [*shared.account.held["sks-clusters"]]:
        server = PaperApiServer()
        for number, uid in enumerate(sorted(known.services)):
            server.service(uid, f"web-{number}")
        for number, id_ in enumerate(sorted(known.external)):
            server.service(f"attached-{number}", f"attached-{number}", id=id_, external="true")
        for volume, name in known.provisioned.items():
            server.persistent_volume(volume, name)
        for volume in known.static:
            server.persistent_volume(volume, f"static-{volume}", dynamic=False)
        target = DrainTarget(cluster["id"], tuple(known.pools), on_destroy="delete", wait_seconds=0)
        with pytest.MonkeyPatch.context() as patch, contextlib.suppress(TeardownError):
            patch.setattr(drain, "reach", lambda *_, server=server: server)
            drain.run(CloudDrain(shared.account, SUBJECT, target, lambda line: None))


def things(account: PaperAccount, stack_pools: set[str]) -> dict[str, Document]:
    """All documents without what may change though the thing stays: what it was attached to, its members, and the
    services of an NLB that do not send traffic to these pools."""
    found: dict[str, Document] = {}
    for documents in account.held.values():
        for document in ({**one} for one in documents):
            for nodepool in document.pop("nodepools", []):
                found[nodepool["id"]] = nodepool
            document.pop("instance", None)
            if "services" in document:
                pools = [service["instance-pool"]["id"] for service in document.pop("services")]
                document["to"] = [pool for pool in pools if pool in stack_pools]
            found[document["id"]] = document
    return found


@pytest.mark.parametrize("verb", [sweep, sweep_one_cluster, fix, drain_each_cluster])
def test_what_is_somebody_elses_stays_as_it_was(verb: Callable[[Shared], None]) -> None:
    touched: list[Any] = []

    @generated
    @given(shared_accounts())
    def check(shared: Shared) -> None:
        foreign = shared.foreign(OURS)
        before = things(shared.account, {*foreign})
        with contextlib.suppress(TeardownError):  # something stays, or somebody has to be asked
            verb(shared)
        after = things(shared.account, {*foreign})
        changed = {id_: why for id_, why in foreign.items() if after.get(id_) != before.get(id_)}
        touched.extend(shared.account.changes)
        assert changed == {}

    check()
    assert touched, "the accounts hold something of ours, too"
