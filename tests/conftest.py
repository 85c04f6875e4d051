"""What every tier shares."""

import gc
import sys
from pathlib import Path

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

PROJECT = Path(__file__).parent.parent
sys.path.insert(0, str(PROJECT))
# The tests of these folders share one control plane.
SHARING = ("tests/sandbox/plugins/kubernetes/",)


class SharingTogether(LoadFileScheduling):
    """Gives a file's tests to one worker, and a folder's where they share more."""

    def _split_scope(self, nodeid: str) -> str:
        return next((folder for folder in SHARING if nodeid.startswith(folder)), super()._split_scope(nodeid))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling | None:
    return SharingTogether(config, log) if config.getvalue("dist") == "loadfile" else None


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What shares takes longest, so it begins first."""
    items.sort(key=lambda item: not item.nodeid.startswith(SHARING))


def pytest_collection_finish() -> None:
    """Keeps Python's collector from what was imported: looking at that again and again is a fifth of the unit tests."""
    gc.freeze()
    gc.set_threshold(20_000)
