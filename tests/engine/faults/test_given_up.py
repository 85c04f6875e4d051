"""A destroy that was cancelled or narrowed half way, and its user who changes their mind: `up`."""

from collections.abc import Callable

import pytest

from tests.engine.faults.subject import Subject
from tests.engine.faults.users import Users, load_balancer

pytestmark = pytest.mark.engine

AssertGone = Callable[..., None]
SECOND_DRAIN = "**::second-drain-step"


def assert_closed(users: Users) -> None:
    """Asserts that the cluster refuses new load balancers, and that what it says of a way out is `pulumi up`."""
    with pytest.raises(AssertionError, match="the stack is being destroyed; the next `pulumi up`"):
        users.apply(load_balancer("front", "default"))


def test_any_up_opens_the_cluster_before_it_installs_the_ingress_controller_again(
    subject: Subject, assert_gone: AssertGone
) -> None:
    """The second drain, which would open it when it is created, has never left the state."""
    users = subject.users()
    subject.destroy(target=["**::drain-step", "**::drain", "**::ingress-pods", "**::ingress-release"])
    (second_drain,) = [urn for urn in subject.recorded() if urn.endswith(SECOND_DRAIN.lstrip("*"))]
    assert_closed(users)

    preview = subject.stack.preview()
    assert "closedByADestroy" in preview.stdout
    assert_closed(users)
    subject.up()

    assert second_drain in subject.recorded()
    users.expose("front")
    assert users.address("ingress-controller", "ingress")
    assert not subject.stack.preview().change_summary.keys() - {"same"}
    subject.destroy()
    assert_gone(subject)


def test_an_up_after_only_the_drain_has_run_opens_the_cluster(subject: Subject, assert_gone: AssertGone) -> None:
    """As after a Ctrl-C in the drain: whatever the cluster needs is still in the state."""
    users = subject.users()
    subject.destroy(target=["**::drain-step"])
    assert_closed(users)
    subject.up()
    users.expose("front")
    subject.destroy()
    assert_gone(subject)
