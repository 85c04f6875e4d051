"""Destroying again and again while each operation fails once."""

from typing import Any

from tests.engine.faults.calls import Calls
from tests.engine.faults.subject import Subject, says_gone

MOST = 40
# What a destroy of a stack with a user's Service and volume cannot do without.
DELETING = {
    "delete-load-balancer",
    "delete-block-storage-volume",
    "delete-sks-nodepool",
    "delete-sks-cluster",
    "delete-rule-from-security-group",
    "delete-security-group",
    "delete-anti-affinity-group",
}


def destroy_in_rounds(subject: Subject, calls: Calls, fault: dict[str, Any], among: str = "") -> None:
    """Destroys until it succeeds, while the first call of each operation fails.

    Args:
        fault: as `sandbox.faults.Fault` describes it, without the operation.
        among: only operations whose name begins so.

    Raises:
        AssertionError: a destroy failed without a fault, or one of the operations that matter was not called.
    """
    calls.fail_first(among, **fault)
    error: str | None = ""
    for _ in range(MOST):
        fired = len(calls.fired)
        subject.settle()  # a call whose reply was lost may still be at work, and is refused a second time
        # A call whose reply was lost, or that failed after it took effect, has deleted something.
        error = subject.tries("destroy", refresh=says_gone(error or ""))
        if error is None:
            break
        assert len(calls.fired) > fired or says_gone(error), f"it failed without a fault: {error}"
    assert {one.operation for one in calls.fired} >= DELETING
