"""An account on a simulated Exoscale, served in this process, with today's key in the environment."""

from collections.abc import Iterator

import pytest

from sandbox.api import families
from sandbox.api.server import ApiServer
from sandbox.clock import Clock, Ids
from sandbox.cloud import Cloud
from teardown.account import accounts
from teardown.credentials import PAIRS
from teardown.survey import Accounts
from tests.sandbox.sks_bench import PaperControlPlanes
from tests.teardown.world import KEY, SECRET, ZONE, World


@pytest.fixture
def cloud() -> Cloud:
    """Instant, with control planes on paper and one API key."""
    families.load()
    made = Cloud(clock=Clock(0), ids=Ids(1), control_planes=PaperControlPlanes())
    made.store.put("api-key", {"id": KEY, "key": KEY, "name": "sandbox", "_secret": SECRET})
    return made


@pytest.fixture
def world(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """The account, and the variables that lead the teardown to it."""
    with ApiServer(cloud, "the-token") as server:
        for name in (name for pair in PAIRS for name in pair):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("EXOSCALE_API_KEY", KEY)
        monkeypatch.setenv("EXOSCALE_API_SECRET", SECRET)
        monkeypatch.setenv("EXOSCALE_API_ENDPOINT", f"{server.url}/v2")
        monkeypatch.setattr("teardown.account._FIRST_POLL_SECONDS", 0.005)
        monkeypatch.delenv("STORAGE_ON_DESTROY", raising=False)
        yield World(cloud, server.url)


@pytest.fixture
def everywhere(world: World) -> Accounts:
    """The account as the teardown sees it, the zone of most tests first."""
    found = accounts()
    return {ZONE: found[ZONE], **found}


@pytest.fixture
def said() -> list[str]:
    """What was said; `said.append` is somebody to say it to."""
    return []
