"""Each operation of a destroy is refused once: the destroy ends with an error, and the next one goes on."""

from collections.abc import Callable

import pytest

from tests.engine.faults.calls import Calls
from tests.engine.faults.rounds import destroy_in_rounds
from tests.engine.faults.subject import Subject

pytestmark = pytest.mark.engine

AssertGone = Callable[..., None]


@pytest.mark.parametrize("status", [403, 409])
def test_by_exoscale_with_nobody_in_the_cluster_to_help(
    whole: Subject, calls: Calls, assert_gone: AssertGone, status: int
) -> None:
    whole.kill("ccm")  # or some of the calls that fail are theirs
    whole.kill("csi")
    destroy_in_rounds(whole, calls, {"effect": "status", "status": status})
    assert_gone(whole)


def test_by_exoscale_to_the_clusters_controllers_too(whole: Subject, calls: Calls, assert_gone: AssertGone) -> None:
    destroy_in_rounds(whole, calls, {"effect": "status", "status": 403})
    assert_gone(whole)
