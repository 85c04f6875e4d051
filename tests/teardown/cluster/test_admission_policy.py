"""What keeps a cluster that is being destroyed from making new things that cost money."""

import pytest

from components.teardown.cluster import admission_policy
from components.teardown.cluster.api_server import Refused
from tests.teardown.paper_api_server import PaperApiServer


@pytest.mark.parametrize("claims", [True, False])
def test_it_returns_when_several_requests_in_a_row_were_refused_and_made_none_of_the_probes(
    said: list[str], claims: bool
) -> None:
    server = PaperApiServer()

    admission_policy.refuse_load_balancers(server)
    if claims:
        admission_policy.refuse_volume_claims(server)
    admission_policy.await_refusal(server, claims, said.append)

    assert server.asked.count("POST /api/v1/namespaces/default/services") == 3
    assert server.asked.count("POST /api/v1/namespaces/default/persistentvolumeclaims") == (3 if claims else 0)
    assert server.names("services") == server.names("persistentvolumeclaims") == set()
    assert said == []


def test_it_waits_for_the_refusal_of_volume_claims_as_for_that_of_load_balancers(
    said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A StatefulSet makes a deleted claim anew, and the volume of one that slipped in is seen by nobody."""
    monkeypatch.setattr(admission_policy, "_BIND_SECONDS", 0)
    server = PaperApiServer()
    admission_policy.refuse_load_balancers(server)

    admission_policy.await_refusal(server, True, said.append)

    assert "still admits new load balancers and volume claims" in said[0]


def test_a_destroy_that_was_interrupted_finds_its_own_policies() -> None:
    server = PaperApiServer()
    for _ in range(2):
        admission_policy.refuse_load_balancers(server)
        admission_policy.refuse_volume_claims(server)

    assert server.names("validatingadmissionpolicies") == {*admission_policy.NAMES}
    assert server.names("validatingadmissionpolicybindings") == {*admission_policy.NAMES}


def test_lifting_takes_all_of_it_back_and_needs_nothing_to_be_there(said: list[str]) -> None:
    server = PaperApiServer()
    admission_policy.refuse_load_balancers(server)
    admission_policy.refuse_volume_claims(server)

    admission_policy.lift(server, said.append)
    admission_policy.lift(server, said.append)

    assert server.objects == {}
    assert said == []


def test_lifting_returns_when_several_requests_in_a_row_were_admitted_and_made_none_of_the_probes(
    said: list[str],
) -> None:
    class Late(PaperApiServer):
        """Hears of it only after some requests."""

        late = 4

        def _post(self, path: str, body: dict[str, object], query: dict[str, object]) -> dict[str, object]:
            self.late -= 1
            if self.late >= 0:
                raise Refused(403, admission_policy.MESSAGE)
            return super()._post(path, body, query)

    server = Late()
    admission_policy.lift(server, said.append)

    assert server.asked.count("POST /api/v1/namespaces/default/services") == 4 + 3
    assert server.objects == {}
    assert said == []


def test_an_api_server_that_never_refuses_is_said_and_does_not_stop_the_destroy(
    said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admission_policy, "_BIND_SECONDS", 0)

    admission_policy.await_refusal(PaperApiServer(), False, said.append)

    assert "still admits new load balancers" in said[0]


def test_an_api_server_that_goes_on_refusing_is_said(said: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission_policy, "_BIND_SECONDS", 0)
    monkeypatch.setattr(admission_policy, "_is_refused", lambda *_: True)

    admission_policy.lift(PaperApiServer(), said.append)

    assert "still refuses new load balancers" in said[0]


def test_a_refusal_to_take_the_policy_ends_it() -> None:
    class Forbidding(PaperApiServer):
        def create(self, path: str, document: dict[str, object], **query: object) -> dict[str, object]:
            raise Refused(403, "you may not")

    with pytest.raises(Refused, match="you may not"):
        admission_policy.refuse_load_balancers(Forbidding())
