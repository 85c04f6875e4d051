"""A real account: `LIVE=1 .venv/bin/pytest tests/live`. It costs a few cents and takes about ten minutes.

Needs the official Pulumi CLI on PATH, `pulumi login` done, and EXOSCALE_API_KEY and EXOSCALE_API_SECRET.
"""

import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from exoscale.api.v2 import Client

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif("LIVE" not in os.environ, reason="set LIVE=1 to spend money on a real account"),
    pytest.mark.timeout(3600),
]

PROJECT = Path(__file__).parents[2]
ZONE = "ch-gva-2"


def pulumi(*arguments: str) -> str:
    """The user's own Pulumi, in the checkout."""
    command = ["pulumi", "--non-interactive", *arguments]
    return subprocess.run(command, cwd=PROJECT, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def stack() -> Iterator[str]:
    """A stack of its own with the settings of `dev`; destroyed and removed whatever happens."""
    name = f"live-{secrets.token_hex(3)}"
    settings = PROJECT / f"Pulumi.{name}.yaml"
    shutil.copy(PROJECT / "Pulumi.dev.yaml", settings)
    pulumi("stack", "init", name)
    try:
        yield name
    finally:
        pulumi("destroy", "--yes", "--stack", name)
        pulumi("stack", "rm", "--yes", "--stack", name)
        settings.unlink(missing_ok=True)


def test_up_up_again_and_destroy_leave_nothing_of_the_stack(stack: str) -> None:
    pulumi("up", "--yes", "--stack", stack)
    pulumi("up", "--yes", "--stack", stack, "--expect-no-changes")
    before = balancers()
    assert any(stack in name for name in before)

    pulumi("destroy", "--yes", "--stack", stack)
    assert not any(stack in name for name in balancers())
    audit = [sys.executable, "-m", "components", "audit", stack]
    assert subprocess.run(audit, cwd=PROJECT, check=False).returncode == 0
    client = Client(os.environ["EXOSCALE_API_KEY"], os.environ["EXOSCALE_API_SECRET"], zone=ZONE)
    held = [
        *client.list_sks_clusters()["sks-clusters"],
        *client.list_security_groups()["security-groups"],
        *client.list_anti_affinity_groups()["anti-affinity-groups"],
    ]
    assert [thing["name"] for thing in held if stack in thing["name"]] == []


def balancers() -> list[str]:
    """Names of the account's load balancers."""
    client = Client(os.environ["EXOSCALE_API_KEY"], os.environ["EXOSCALE_API_SECRET"], zone=ZONE)
    return [balancer["name"] for balancer in client.list_load_balancers()["load-balancers"]]
