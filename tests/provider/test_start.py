"""How the engine starts the provider, in any clone."""

import os
import shutil
import stat
import subprocess
from pathlib import Path

import grpc
import pytest
import yaml
from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2_grpc

from components.steps import PACKAGE
from tests.provider.conftest import Engine

PROJECT = Path(__file__).parents[2]
FILE = f"pulumi-resource-{PACKAGE}"


def program(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(stat.S_IRWXU)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A checkout with nothing but the script, and a `pulumi` that makes a Python which prints its arguments."""
    (tmp_path / "a clone" / "plugin").mkdir(parents=True)
    shutil.copy(PROJECT / "plugin" / FILE, tmp_path / "a clone" / "plugin")
    program(tmp_path / "made", 'echo "$@" "$PYTHONPATH"')
    program(
        tmp_path / "bin" / "pulumi",
        f'echo installed "$@"; mkdir -p .venv/bin; cp "{tmp_path}/made" .venv/bin/python',
    )
    return tmp_path / "a clone"


def run(clone: Path) -> subprocess.CompletedProcess[str]:
    path = f"{clone.parent / 'bin'}{os.pathsep}{os.environ['PATH']}"
    command = [str(clone / "plugin" / FILE), "--logflow", "127.0.0.1:1"]
    return subprocess.run(command, cwd="/", env={"PATH": path}, capture_output=True, text=True, check=False)


def test_the_engine_finds_it_through_the_project_file() -> None:
    (entry,) = yaml.safe_load((PROJECT / "Pulumi.yaml").read_text())["plugins"]["providers"]

    assert entry == {"name": PACKAGE, "path": "./plugin"}
    assert os.access(PROJECT / entry["path"] / FILE, os.X_OK)


def test_a_fresh_clone_installs_what_it_needs_first_and_keeps_standard_output_for_the_port(clone: Path) -> None:
    answer = run(clone)

    assert answer.stdout == f"-m components.provider --logflow 127.0.0.1:1 {clone}\n"
    assert "installed install" in answer.stderr


def test_a_clone_that_has_it_installs_nothing(clone: Path) -> None:
    run(clone)

    assert "installed" not in run(clone).stderr


def test_where_the_installation_fails_nothing_runs(clone: Path) -> None:
    program(clone.parent / "bin" / "pulumi", "exit 3")
    answer = run(clone)

    assert (answer.returncode, answer.stdout) == (3, "")


def test_it_prints_its_port_serves_there_and_ends_quietly_when_the_engine_interrupts_it(tmp_path: Path) -> None:
    command = [str(PROJECT / "plugin" / FILE), "127.0.0.1:1"]
    with subprocess.Popen(
        command, cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            info = provider_pb2_grpc.ResourceProviderStub(channel).GetPluginInfo(empty_pb2.Empty())
        process.send_signal(2)
        process.wait(20)
        said = process.communicate()

    assert info.version == "1.0.0"
    assert (process.returncode, said) == (0, ("", ""))


def test_it_dies_with_an_engine_that_is_killed(tmp_path: Path) -> None:
    pipe = subprocess.PIPE
    with subprocess.Popen([PROJECT / "plugin" / FILE, "127.0.0.1:1"], cwd=tmp_path, stdin=pipe, stdout=pipe) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline()
        process.stdin.close()  # as the kernel does for a dead engine
        assert process.wait(20) == 1


def test_an_engine_that_ends_it_at_once_after_its_cancel_was_at_its_own_end(engine: Engine, tmp_path: Path) -> None:
    command = [str(PROJECT / "plugin" / FILE), engine.address]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=tmp_path, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            provider_pb2_grpc.ResourceProviderStub(channel).Cancel(empty_pb2.Empty())
        process.send_signal(2)
        process.wait(20)

    assert engine.logged == []


def test_no_step_is_loaded_before_it_is_needed() -> None:
    code = "import components.provider.server, sys; print(sorted(name for name in sys.modules if 'exoscale' in name))"
    answer = subprocess.run(
        [str(PROJECT / ".venv/bin/python"), "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True
    )

    assert answer.stdout == "[]\n"
