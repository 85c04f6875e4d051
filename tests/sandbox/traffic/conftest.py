"""The world, with listeners that are closed at the end."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.client import SandboxClient
from sandbox.cloud import Cloud
from tests.sandbox.sks_bench import Bench
from tests.sandbox.traffic.world import World


@pytest.fixture
def world(cloud: Cloud, client: SandboxClient, tmp_path: Path) -> Iterator[World]:
    made = World(Bench(cloud, client), tmp_path)
    yield made
    made.listeners.stop()
