"""The sandbox as a process: started, stopped, killed, and what is left of it."""

import contextlib
import json
import os
import re
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox import daemon
from sandbox.clock import FAST
from sandbox.files import write_private
from sandbox.home import AlreadyRunning, Record, running, start_time
from sandbox.sandbox import Sandbox
from tests.sandbox.daemons import PROJECT, Start, client, processes_of
from tests.sandbox.waiting import until


@pytest.fixture(scope="module")
def resident(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Record]:
    """A daemon that nobody ends."""
    home = tmp_path_factory.mktemp("resident")
    yield daemon.start(home, FAST, lambda line: None)
    daemon.stop(home)


def command(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "sandbox", "--home", str(home), *arguments],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


# --- start, status, stop


def test_start_status_and_stop_are_safe_twice(tmp_path: Path) -> None:
    home = tmp_path / "home"
    try:
        started = command(home, "start")
        assert started.returncode == 0, started.stderr
        record = running(home)
        assert record
        assert record.url in started.stdout
        again = command(home, "start", "--pace", "realistic")
        assert again.returncode == 0
        assert f"already running (pid {record.pid})" in again.stdout
        assert "its pace stays fast" in again.stdout
        for _ in range(2):
            assert json.loads(command(home, "status", "--json").stdout)["pid"] == record.pid
    finally:
        stopped = command(home, "stop")
    assert (stopped.returncode, stopped.stdout) == (0, "stopped\n")
    assert command(home, "stop").stdout == "the sandbox was not running\n"
    assert json.loads(command(home, "status", "--json").stdout) == {"running": False, "home": str(home)}
    assert processes_of(home) == []


def test_secrets_are_readable_by_their_owner_alone(resident: Record) -> None:
    home = Path(resident.ca_bundle).parent
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    holding = [
        file
        for file in home.rglob("*")
        if file.is_file() and (resident.secret.encode() in (content := file.read_bytes()) or b"PRIVATE KEY" in content)
    ]
    assert {"sandbox.json", "ca-key.pem"} <= {file.name for file in holding}
    assert {stat.S_IMODE(file.stat().st_mode) for file in [*holding, *home.glob("cloud.sqlite*")]} == {0o600}


def test_another_home_has_another_key_and_stops_alone_and_is_nobodys_zombie(
    tmp_path: Path, resident: Record, start: Start
) -> None:
    other = start(tmp_path)
    assert re.fullmatch(r"EXO[0-9a-f]{24}", other.key)
    assert {other.key, other.secret, other.token, other.url}.isdisjoint(vars(resident).values())
    assert os.getsid(other.pid) not in (os.getsid(0), os.getsid(resident.pid))
    daemon.stop(tmp_path)
    assert start_time(other.pid) is None
    assert client(resident).list_zones()["zones"]


def test_a_restart_keeps_key_ports_authority_and_what_the_cloud_holds_also_after_a_kill(
    tmp_path: Path, start: Start
) -> None:
    before = start(tmp_path)
    api = client(before)
    api.wait(api.create_anti_affinity_group(name="kept")["id"])
    authority = (tmp_path / "ca.pem").read_bytes()
    daemon.stop(tmp_path)
    after = start(tmp_path)
    os.kill(after.pid, signal.SIGKILL)
    until(lambda: running(tmp_path) is None, "it is dead")
    again = start(tmp_path)  # at once: it waits for the reaper
    assert len({before.pid, after.pid, again.pid}) == 3
    assert before.environment() == after.environment() == again.environment()
    assert (tmp_path / "ca.pem").read_bytes() == authority
    groups = client(again).list_anti_affinity_groups()["anti-affinity-groups"]
    assert [group["name"] for group in groups] == ["kept"]
    daemon.stop(tmp_path)
    assert processes_of(tmp_path) == []


def test_two_starts_at_once_start_one_sandbox(tmp_path: Path, start: Start) -> None:
    line = [sys.executable, "-m", "sandbox", "--home", str(tmp_path), "start"]
    both = [subprocess.Popen(line, cwd=PROJECT, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = [process.communicate(timeout=60)[0] for process in both]
    record = start(tmp_path)
    assert [process.returncode for process in both] == [0, 0]
    assert all(f"pid {record.pid}" in text for text in said)


def test_a_start_that_fails_says_why_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "cloud.sqlite").write_text("not a database, but long enough to be taken for one " * 50)
    failed = command(tmp_path, "start")
    assert failed.returncode == 1
    assert failed.stderr.rstrip("\n").count("\n") == 0
    assert failed.stderr.startswith("Error: the sandbox did not start: file is not a database; ")
    until(lambda: not processes_of(tmp_path), "daemon and reaper ended")


def test_a_sandbox_in_this_process_and_a_daemon_cannot_share_a_folder(tmp_path: Path) -> None:
    with Sandbox(tmp_path) as sandbox:
        assert daemon.start(tmp_path, FAST, lambda line: None).pid == os.getpid()
        with pytest.raises(AlreadyRunning, match="another sandbox runs in"):
            Sandbox(tmp_path).start()
        assert client(sandbox.record).list_zones()["zones"]


# --- the record


def test_a_record_whose_process_is_gone_counts_for_nothing(tmp_path: Path) -> None:
    record = Record(os.getpid(), start_time(os.getpid()) or "", 0, "u", "p", "t", "k", "s", "c")
    record.write(tmp_path)
    assert running(tmp_path) == record
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    Record(**{**vars(record), "pid": child.pid}).write(tmp_path)
    assert running(tmp_path) is None


def test_a_record_whose_pid_another_process_has_by_now_counts_for_nothing(tmp_path: Path) -> None:
    Record(os.getpid(), "started long ago", 0, "u", "p", "t", "k", "s", "c").write(tmp_path)
    assert running(tmp_path) is None
    assert not daemon.stop(tmp_path)  # and we live


def test_a_damaged_record_counts_for_nothing(tmp_path: Path) -> None:
    for text in ("", "{", "[]", '{"pid": 1}'):
        write_private(tmp_path / "sandbox.json", text)
        assert running(tmp_path) is None


def test_a_zombie_is_not_a_living_process() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    until(lambda: start_time(child.pid) is None, "the child is a zombie")
    child.wait()


# --- signals, crashes, parents


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_sandbox_in_the_foreground_ends_cleanly_on_a_signal(tmp_path: Path, number: signal.Signals) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox", "--home", str(tmp_path), "start", "--foreground"],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    until(lambda: running(tmp_path), "the sandbox runs")
    process.send_signal(number)
    said, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, "")
    assert said.endswith("stopping\n")
    assert not (tmp_path / "sandbox.json").exists()
    assert processes_of(tmp_path) == []


def test_a_stop_reaches_a_sandbox_that_is_just_starting(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox", "--home", str(tmp_path), "start", "--foreground"],
        cwd=PROJECT,
        stdout=subprocess.DEVNULL,
    )
    until(lambda: (tmp_path / "cloud.sqlite").exists(), "the sandbox starts")
    assert daemon.stop(tmp_path)
    assert process.wait(timeout=60) == 0


def test_a_sandbox_dies_with_its_parent_where_that_is_wanted(tmp_path: Path, start: Start) -> None:
    parent = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    record = daemon.start(tmp_path, FAST, lambda line: None, parent=parent.pid)
    assert running(tmp_path) == record
    parent.kill()
    parent.communicate()
    until(lambda: running(tmp_path) is None and not processes_of(tmp_path), "the sandbox ended")


def test_a_sandbox_whose_parent_is_gone_already_ends_at_once(tmp_path: Path) -> None:
    parent = subprocess.Popen([sys.executable, "-c", ""])
    parent.wait()
    with contextlib.suppress(daemon.NotStarted):  # it may be gone before we read its record
        daemon.start(tmp_path, FAST, lambda line: None, parent=parent.pid)
    until(lambda: running(tmp_path) is None and not processes_of(tmp_path), "the sandbox ended")
