"""`make up`, the connect line, `make down`: as a newcomer runs them."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tools import path_of

pytestmark = pytest.mark.engine

PROJECT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


def sandbox(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`python -m sandbox …` with nothing of Exoscale's in the environment."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("EXOSCALE_")}
    return subprocess.run(
        [sys.executable, "-m", "sandbox", "--home", str(home), *arguments],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )


def test_up_connect_down(home: Path) -> None:
    try:
        preview = sandbox(home, "preview", "newcomer")
        assert preview.returncode == 0, preview.stdout + preview.stderr

        up = sandbox(home, "up", "newcomer")
        assert up.returncode == 0, up.stdout + up.stderr
        [connect] = [line.strip() for line in up.stdout.splitlines() if line.strip().startswith("export KUBECONFIG=")]
        assert "[secret]" in up.stdout  # the kubeconfig among the outputs

        path = f"{path_of('kubectl').parent}:{os.environ['PATH']}"
        terminal = subprocess.run(
            ["bash", "-c", connect], env={"PATH": path, "HOME": str(home)}, capture_output=True, text=True, check=False
        )
        assert ".sks-ch-gva-2.exo.io:443" in terminal.stdout, terminal.stderr
        kubeconfig = Path(connect.split("=")[1].split(";")[0])
        assert kubeconfig.stat().st_mode & 0o777 == 0o600

        down = sandbox(home, "down", "newcomer")
        assert down.returncode == 0, down.stdout + down.stderr
        assert "receipt: nothing that costs money is left of stack exoscale-sks/newcomer" in down.stdout
        assert "the sandbox is stopped" in down.stdout
        assert not kubeconfig.exists()

        again = sandbox(home, "down", "newcomer")
        assert again.returncode == 0, again.stdout + again.stderr
    finally:
        sandbox(home, "stop")


def test_a_killed_up_can_be_run_again(home: Path) -> None:
    command = [sys.executable, "-m", "sandbox", "--home", str(home), "up", "killed"]
    try:
        with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True, start_new_session=True) as up:
            assert up.stdout is not None
            assert any("SksCluster cluster-cluster creating" in line for line in up.stdout)
            assert any(line.startswith("@ updating") for line in up.stdout)  # only the cluster is under way
            os.killpg(up.pid, signal.SIGKILL)
        assert any((home / "pulumi" / ".pulumi" / "locks").glob("**/killed/*.json"))
        again = sandbox(home, "up", "killed")
        assert again.returncode == 0, again.stdout + again.stderr
    finally:
        sandbox(home, "stop")


def test_down_of_a_stack_that_never_was_says_so(home: Path) -> None:
    answer = sandbox(home, "down", "nobody")
    assert answer.returncode == 0
    assert "there is no stack nobody" in answer.stdout
