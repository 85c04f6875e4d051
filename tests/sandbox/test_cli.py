"""The command line: its help, its one-line errors, and what it does to a running sandbox."""

import errno
import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest
import requests
from click.testing import CliRunner, Result

from sandbox import fault_commands, key_commands
from sandbox.api import admin
from sandbox.api.errors import Forbidden
from sandbox.cli import NOT_RUNNING, main
from sandbox.client import SandboxClient, connect
from sandbox.sandbox import Sandbox
from tests.sandbox.instance_pool_bench import TEMPLATE
from tests.sandbox.sks_bench import SMALL

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs a command on a folder where no sandbox runs."""
    return lambda *arguments: CliRunner().invoke(main, ["--home", str(tmp_path), *arguments])


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with Sandbox(tmp_path_factory.mktemp("home")) as running:
        yield running


@pytest.fixture
def on(sandbox: Sandbox) -> Iterator[Run]:
    """Runs a command on the running sandbox, and leaves that empty."""
    yield lambda *arguments: CliRunner().invoke(main, ["--home", str(sandbox.home), *arguments])
    CliRunner().invoke(main, ["--home", str(sandbox.home), "reset"])


@pytest.fixture
def api(sandbox: Sandbox) -> Iterator[SandboxClient]:
    client = connect(sandbox.url, sandbox.key, sandbox.secret, "ch-gva-2", poll_seconds=0.02, backoff_seconds=0.01)
    yield client
    client.http_client.close()


def every_command(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    for name, command in group.commands.items():
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from every_command(command, (*path, name))


COMMANDS = dict(every_command(main))
LEAVES = [path for path, command in COMMANDS.items() if not isinstance(command, click.Group)]


def test_the_commands_that_the_sandbox_promises_exist() -> None:
    assert {*main.commands} == {"start", "stop", "status", "env", "key", "reset", "fault"}
    assert COMMANDS[("key",)] is key_commands.key
    assert {path[1] for path in COMMANDS if path[0] == "fault" and len(path) > 1} == {
        *("arm", "list", "clear", "expire-key", "restore-key"),
        *("kill-ccm", "revive-ccm", "kill-csi", "revive-csi", "kill-api-server", "revive-api-server"),
    }


@pytest.mark.parametrize("path", LEAVES, ids=" ".join)
def test_every_command_explains_itself_with_an_example(run: Run, path: tuple[str, ...]) -> None:
    shown = run(*path, "--help")
    assert shown.exit_code == 0
    assert (COMMANDS[path].help or "").split(".")[0].split("\n")[0].split()[0] in shown.output
    example = shown.output.partition("Example:\n")[2].strip()
    assert " ".join(("python -m sandbox", *path)) in example
    assert "\n" not in example


# --- errors


@pytest.mark.parametrize(
    "arguments",
    [
        ("env",),
        ("reset",),
        ("key", "person"),
        ("fault", "list"),
        ("fault", "clear"),
        ("fault", "arm", "create-sks-cluster", "--effect", "status"),
        ("fault", "expire-key", "sandbox"),
        ("fault", "restore-key", "sandbox"),
        ("fault", "kill-ccm", "x"),
        ("fault", "revive-api-server", "x"),
    ],
)
def test_without_a_sandbox_a_command_says_how_to_start_one_in_one_line(run: Run, arguments: tuple[str, ...]) -> None:
    result = run(*arguments)
    assert result.exit_code == 1
    assert result.output == f"Error: {NOT_RUNNING}\n"


def test_status_and_stop_are_fine_without_a_sandbox(run: Run) -> None:
    assert (run("status").exit_code, run("status").output) == (0, f"{NOT_RUNNING}\n")
    assert (run("stop").exit_code, run("stop", "--quiet").output) == (0, "")


@pytest.mark.parametrize("pace", ["instant", "0", "-1", "inf", "nan", ""])
def test_a_pace_that_is_none_is_refused_by_name(run: Run, tmp_path: Path, pace: str) -> None:
    result = run("start", "--pace", pace)
    assert result.exit_code == 2
    assert f"{pace!r} is not fast, realistic or a number of times the real durations, 0.01 or more" in result.output
    assert not list(tmp_path.iterdir())


def test_taking_the_variables_back_needs_no_sandbox(run: Run) -> None:
    assert "HTTPS_PROXY" in run("env", "--unset").output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("fault", "arm", "create-everything", "--effect", "status"), "create-everything"),
        (("fault", "arm", "*", "--effect", "failure", "--reason", "bad-luck"), "bad-luck"),
        (("fault", "kill-ccm", "no-such-cluster"), "no-such-cluster"),
        (("fault", "expire-key", "nobody"), "nobody"),
    ],
)
def test_what_the_sandbox_refuses_is_one_line_with_the_value(on: Run, arguments: tuple[str, ...], message: str) -> None:
    result = on(*arguments)
    assert result.exit_code == 1
    assert result.output.startswith("Error: ")
    assert message in result.output
    assert result.output.count("\n") == 1


def test_the_effects_are_those_of_the_admin_api() -> None:
    assert fault_commands.EFFECTS == admin.EFFECTS


# --- on a running sandbox


def test_a_second_start_says_that_it_runs(on: Run, sandbox: Sandbox) -> None:
    result = on("start")
    assert result.exit_code == 0
    assert "already running" in result.output
    assert sandbox.url in result.output


def test_status_shows_where_it_is_and_what_the_cloud_holds(on: Run, sandbox: Sandbox, api: SandboxClient) -> None:
    assert "the cloud holds nothing" in on("status").output
    for name in ("a", "b"):
        api.wait(api.create_anti_affinity_group(name=name)["id"])
    on("fault", "expire-key", "sandbox")
    on("fault", "arm", "list-zones", "--effect", "status")
    shown = on("status").output
    for expected in (
        sandbox.url,
        sandbox.proxy_url,
        "2  anti-affinity-group",
        "armed fault: status on list-zones",
        "sandbox has expired",
    ):
        assert expected in shown


def test_status_says_where_on_this_machine_a_load_balancer_answers(on: Run, api: SandboxClient) -> None:
    pool = api.create_instance_pool(
        name="p", size=1, disk_size=10, template=TEMPLATE, instance_type=SMALL, public_ip_assignment="inet4"
    )
    pool_id = api.wait(pool["id"])["reference"]["id"]
    balancer = api.wait(api.create_load_balancer(name="front")["id"])["reference"]["id"]
    service = {"name": "http", "protocol": "tcp", "strategy": "round-robin", "port": 80, "target_port": 30080}
    added = api.add_service_to_load_balancer(
        id=balancer, **service, instance_pool={"id": pool_id}, healthcheck={"mode": "tcp", "port": 30080}
    )
    api.wait(added["id"])
    [(url, address)] = re.findall(r"  nlb +(\S+) stands for (\S+):80, front\n", on("status").output)
    assert address == api.get_load_balancer(id=balancer)["ip"]
    answer = requests.get(url, timeout=10)
    assert "none passes the health check" in answer.headers["X-Sandbox-Why"]  # its security group lets nothing in
    [shown] = json.loads(on("status", "--json").output)["addresses"]
    assert (shown["address"], url) == (address, f"http://127.0.0.1:{shown['local-port']}")


def test_status_for_programs_is_json(on: Run, sandbox: Sandbox, api: SandboxClient) -> None:
    api.wait(api.create_anti_affinity_group(name="a")["id"])
    shown = json.loads(on("status", "--json").output)
    assert (shown["running"], shown["url"], shown["home"]) == (True, sandbox.url, str(sandbox.home))
    assert [group["name"] for group in shown["objects"]["anti-affinity-group"]] == ["a"]


def test_env_prints_what_a_shell_needs(on: Run, sandbox: Sandbox) -> None:
    script = on("env").output + 'echo "$EXOSCALE_API_KEY $EXOSCALE_API_ENDPOINT $HTTPS_PROXY"'
    said = subprocess.run(["sh", "-euc", script], capture_output=True, text=True, check=True).stdout
    assert said == f"{sandbox.key} {sandbox.url}/v2 {sandbox.proxy_url}\n"


def test_reset_empties_the_cloud_and_keeps_the_key(on: Run, api: SandboxClient) -> None:
    api.wait(api.create_anti_affinity_group(name="a")["id"])
    assert on("reset").output == "forgotten: 1 anti-affinity-group\n"
    assert api.list_anti_affinity_groups()["anti-affinity-groups"] == []
    assert on("reset").output == "forgotten: nothing\n"


def test_an_armed_fault_fires_is_listed_and_can_be_cleared(on: Run, api: SandboxClient) -> None:
    armed = on(
        *("fault", "arm", "create-anti-affinity-group", "--effect", "failure"),
        *("--reason", "busy", "--message", "not now", "--nth", "2"),
    )
    line = 'failure on create-anti-affinity-group (nth 2, reason "busy", message "not now")'
    assert armed.output == f"armed: {line}\n"
    assert on("fault", "list").output == f"armed: {line}\n"
    api.wait(api.create_anti_affinity_group(name="a")["id"])
    with pytest.raises(Exception, match="not now"):
        api.wait(api.create_anti_affinity_group(name="b")["id"])
    assert on("fault", "list").output.splitlines()[-1] == "no fault is armed"
    on("fault", "arm", "*", "--effect", "status")
    assert on("fault", "clear").output == "no fault is armed\n"
    assert api.list_anti_affinity_groups()["anti-affinity-groups"]


def test_an_expired_key_is_refused_until_it_is_restored(on: Run, api: SandboxClient) -> None:
    assert on("fault", "expire-key", "sandbox").output == "sandbox has expired\n"
    with pytest.raises(Exception, match=str(Forbidden.status)):
        api.list_anti_affinity_groups()
    assert on("fault", "restore-key", "sandbox").output == "sandbox is good again\n"
    assert api.list_anti_affinity_groups()["anti-affinity-groups"] == []
    assert "expired" not in on("status").output


def test_a_sandbox_that_does_not_answer_is_reported_with_the_fix(tmp_path: Path, sandbox: Sandbox) -> None:
    record = json.loads((sandbox.home / "sandbox.json").read_text())
    (tmp_path / "sandbox.json").write_text(json.dumps({**record, "url": "http://127.0.0.1:1"}))
    result = CliRunner().invoke(main, ["--home", str(tmp_path), "fault", "list"])
    assert result.exit_code == 1
    assert "does not answer (ConnectionError): run `python -m sandbox stop`, then `start`" in result.output


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_one_line_that_names_it(run: Run, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def full(home: Path) -> bool:
        raise OSError(number, os.strerror(number), str(home / "file"))

    monkeypatch.setattr("sandbox.daemon.stop", full)
    said = run("stop")
    assert (said.exit_code, said.output.count("\n")) == (1, 1)
    assert "file is full: make space, then run it again" in said.output
