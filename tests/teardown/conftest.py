"""Somebody to say it to; and, where what the API does is the question, a simulated Exoscale served in this process."""

from collections.abc import Iterator

import pytest

from components.teardown.cloud.account import accounts
from components.teardown.cloud.api_key import PAIRS
from components.teardown.cloud.survey import Accounts
from tests.teardown.paper import ZONE, PaperAccount


@pytest.fixture
def said() -> list[str]:
    """What was said; `said.append` is somebody to say it to."""
    return []


@pytest.fixture
def account() -> PaperAccount:
    """An empty account on paper."""
    return PaperAccount()


@pytest.fixture(autouse=True)
def nothing_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No API key and no policy of whoever runs the tests."""
    names = [name for pair in PAIRS for name in pair]
    for name in (*names, "EXOSCALE_API_ENDPOINT", "STORAGE_ON_DESTROY", "KUBERNETES_EXEC_INFO"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    """An account on a simulated Exoscale, with the variables that lead the teardown to it; see `World`."""
    from tests.teardown.world import served

    with served() as made:
        for name, value in made.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr("components.teardown.cloud.account._FIRST_POLL_SECONDS", 0.001)
        yield made


@pytest.fixture
def everywhere(world: object) -> Accounts:
    """The simulated account as the teardown sees it, the zone of most tests first."""
    found = accounts()
    return {ZONE: found[ZONE], **found}
