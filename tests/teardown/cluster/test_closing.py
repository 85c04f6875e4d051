"""What a drain puts up in a cluster, that a cluster in which any of it stands says so, and that all of it goes back."""

import copy

import pytest

from components.teardown.cluster import closing
from components.teardown.cluster.api_server import Unreachable
from tests.teardown.paper_api_server import PaperApiServer


class Interrupted(PaperApiServer):
    """Whoever works on it is killed at a change of that number, counted from 0; a negative one never comes."""

    def __init__(self, at: int = -1) -> None:
        super().__init__()
        self.at = at

    def _ask(self, method: str, path: str, *rest: object) -> dict[str, object]:
        if method != "GET":
            if self.at == 0:
                raise Unreachable("killed")
            self.at -= 1
        answer: dict[str, object] = super()._ask(method, path, *rest)  # type: ignore[arg-type]
        return answer


def locked(at: int = -1) -> Interrupted:
    made = Interrupted(at)
    made.webhooks(gone={"service": {"namespace": "policy", "name": "gone"}})
    return made


def changes(server: Interrupted) -> int:
    return sum(not line.startswith("GET") for line in server.asked)


def closed() -> Interrupted:
    made = locked()
    closing.close(made, True, 0, str)
    return made


def effect(server: PaperApiServer) -> object:
    """What keeps somebody from anything: a policy has none without its binding."""
    bound = server.names("validatingadmissionpolicybindings") & server.names("validatingadmissionpolicies")
    return bound, [one for one in server.objects.values() if "webhooks" in one]


@pytest.mark.parametrize("at", range(changes(closed())))
def test_a_close_that_is_killed_anywhere_says_that_it_stands_as_long_as_it_has_an_effect(at: int) -> None:
    server, before = locked(at), effect(locked())
    with pytest.raises(Unreachable):
        closing.close(server, True, 0, str)
    server.at = -1

    assert closing.is_closed(server) or effect(server) == before


@pytest.mark.parametrize("at", range(5))
def test_an_opening_that_is_killed_anywhere_is_finished_by_the_next(at: int) -> None:
    server, before = closed(), copy.deepcopy(locked().objects)
    before[next(iter(before))]["metadata"]["annotations"] = {}
    server.at = at
    with pytest.raises(Unreachable):
        closing.open_again(server, str)
    server.at = -1
    assert closing.is_closed(server)

    closing.open_again(server, str)

    assert server.objects == before
    assert not closing.is_closed(server)
