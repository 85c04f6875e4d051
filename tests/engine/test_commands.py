"""`make preview`, `make up`, the connect line, `make down`: as a newcomer runs them, each test a step, in order."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox import daemon
from tools import path_of

pytestmark = pytest.mark.engine

PROJECT = Path(__file__).parents[2]
RULES = ("kubelet", "calico-vxlan", "node-ports-tcp", "node-ports-udp")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("home")
    yield folder
    daemon.stop(folder)
    (PROJECT / "Pulumi.newcomer.yaml").unlink()  # which the first `up` made


def kubeconfig() -> Path:
    """Where `up` writes it."""
    return PROJECT / ".kube" / "newcomer.yaml"


def run(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`python -m runner …` with nothing of Exoscale's in the environment, and its user's habits for Pulumi."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("EXOSCALE_")}
    environment |= {"PULUMI_DIY_BACKEND_GZIP": "true", "PULUMI_CONFIG_PASSPHRASE": "the user's own"}
    return subprocess.run(
        [sys.executable, "-m", "runner", "--home", str(home), *arguments],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )


def succeeds(home: Path, *arguments: str) -> str:
    """What such a command prints, which has to succeed."""
    answer = run(home, *arguments)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return answer.stdout


def test_a_preview_needs_nothing_but_the_tools(home: Path) -> None:
    succeeds(home, "preview", "newcomer")


def test_an_up_is_killed(home: Path) -> None:
    command = [sys.executable, "-m", "runner", "--home", str(home), "up", "newcomer"]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True, start_new_session=True) as up:
        assert up.stdout is not None
        awaited = ["SksCluster cluster-cluster creating", "AntiAffinityGroup default-anti-affinity created ("]
        awaited += [f"SecurityGroupRule nodes-{rule} created (" for rule in RULES]
        while awaited:  # what is under way, and not yet on record, would be in the way of the next up
            line = next(up.stdout)
            awaited = [text for text in awaited if text not in line]
        assert any(line.startswith("@ updating") for line in up.stdout)  # the cluster takes seconds more
        os.killpg(up.pid, signal.SIGKILL)
    assert any((home / "pulumi" / ".pulumi" / "locks").glob("**/newcomer/*.json"))


def test_a_killed_up_is_run_again_and_ends_with_a_line_that_connects(home: Path) -> None:
    up = succeeds(home, "up", "newcomer")
    [connect] = [line.strip() for line in up.splitlines() if line.strip().startswith("export KUBECONFIG=")]
    assert "kubeconfig: '[secret]'" in up

    path = f"{path_of('kubectl').parent}:{os.environ['PATH']}"
    terminal = subprocess.run(
        ["bash", "-c", connect], env={"PATH": path, "HOME": str(home)}, capture_output=True, text=True, check=False
    )
    assert ".sks-ch-gva-2.exo.io:443" in terminal.stdout, terminal.stderr
    assert f"={kubeconfig()};" in connect
    assert kubeconfig().stat().st_mode & 0o777 == 0o600


def test_down_ends_with_a_receipt_and_stops_the_sandbox(home: Path) -> None:
    down = succeeds(home, "down", "newcomer")
    assert "receipt: nothing that costs money is left of stack exoscale-sks/newcomer" in down
    assert "the sandbox is stopped" in down
    assert not kubeconfig().exists()


def test_down_again_has_nothing_to_do(home: Path) -> None:
    succeeds(home, "down", "newcomer")


def test_down_of_a_stack_that_never_was_says_so(home: Path) -> None:
    answer = run(home, "down", "nobody")
    assert (answer.returncode, answer.stdout) == (1, "")
    assert "there is no stack exoscale-sks/nobody on this sandbox, so nothing was removed" in answer.stderr
