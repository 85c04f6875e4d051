"""`python -m runner up|preview|down|audit` on a small project: what each does to which stack, on the real engine.

Two anti-affinity groups, one after the other, are quickly made. `test_commands` runs these commands as a newcomer does.
"""

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from components.cli import main as exoscale_sks
from runner.stack import SandboxStack
from runner.states import States, checkpoint
from sandbox import daemon
from sandbox.client import SandboxClient, connect
from sandbox.clock import FAST
from sandbox.home import Record, SandboxError, running
from tests.sandbox.tool_cache import without
from tests.sandbox.waiting import eventually
from tools import path_of

pytestmark = pytest.mark.engine

CHECKOUT = Path(__file__).parents[2]
PROGRAM = """
import pulumi
import pulumiverse_exoscale as exoscale

stack = pulumi.get_stack()
first, second = (f"{pulumi.get_project()}-{stack}-{noun}" for noun in ("first", "second"))
whose = f"Group of Pulumi stack {pulumi.get_project()}/{stack}, owner me"
before = exoscale.AntiAffinityGroup("first", name=first, description=whose)
exoscale.AntiAffinityGroup("second", name=second, description=whose, opts=pulumi.ResourceOptions(depends_on=[before]))
pulumi.export("connect", "true")
pulumi.export("hidden", pulumi.Output.secret("not for everybody"))
"""
ON_PROJECT = """
import sys
from pathlib import Path
from runner import project
project.FOLDER = Path(sys.argv.pop(1))
import runner.__main__
"""


class Small:
    """The small project, and the commands on it.

    Args:
        home: the sandbox's folder.
        folder: the project's.
    """

    def __init__(self, home: Path, folder: Path) -> None:
        self.home, self.folder = home, folder
        self.rename("small")
        for stack in ("sandbox", "living", "a"):  # the last two are in sandboxes that several projects use
            settings = folder / f"Pulumi.{stack}.yaml"
            settings.write_text("config: {'exoscale-sks:ingress': {controller: none}}\n")
        (folder / "__main__.py").write_text(PROGRAM)
        self.environment = {**os.environ, "PYTHONPATH": str(CHECKOUT)}

    def rename(self, name: str, **settings: Any) -> None:
        """Gives the project another name, as a fork of it does, and other settings."""
        (self.folder / "Pulumi.yaml").write_text(yaml.safe_dump({"name": name, "runtime": "python", **settings}))

    def command(self, *arguments: str) -> list[str]:
        """`python -m runner …` for this project."""
        return [sys.executable, "-c", ON_PROJECT, str(self.folder), "--home", str(self.home), *arguments]

    def run(self, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        """What such a command prints, and how it ends."""
        return subprocess.run(
            self.command(*arguments),
            env={**self.environment, **environment},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def succeeds(self, *arguments: str, **environment: str) -> str:
        """The output of a command that has to."""
        answer = self.run(*arguments, **environment)
        assert answer.returncode == 0, answer.stdout + answer.stderr
        return answer.stdout

    def refuses(self, *arguments: str, **environment: str) -> str:
        """The one line of a command that does nothing."""
        answer = self.run(*arguments, **environment)
        assert (answer.returncode, answer.stdout) == (1, "")
        assert answer.stderr.count("\n") == 1
        return answer.stderr

    def interrupted(self, line: str, *arguments: str) -> tuple[int, str]:
        """A command that gets Ctrl-C once it has printed this line: its exit status, and all that it printed."""
        command = self.command(*arguments)
        with subprocess.Popen(
            command,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        ) as process:
            assert process.stdout is not None
            said = ""
            for printed in process.stdout:
                said += printed
                if line in printed:
                    os.killpg(process.pid, signal.SIGINT)
        return process.returncode, said

    @property
    def record(self) -> Record:
        """Of the sandbox, which has to run."""
        record = running(self.home)
        assert record is not None
        return record

    @property
    def api(self) -> SandboxClient:
        """The cloud's, for whoever works without Pulumi."""
        return connect(self.record.url, self.record.key, self.record.secret, "ch-gva-2", poll_seconds=0.02)

    def groups(self) -> dict[str, str]:
        """Ids of the groups that the cloud holds, by name."""
        return {one["name"]: one["id"] for one in self.api.list_anti_affinity_groups()["anti-affinity-groups"]}

    def kubeconfig(self, stack: str) -> Path:
        """Where our program writes that of a stack; as if it had."""
        file = self.folder / ".kube" / f"{stack}.yaml"
        file.parent.mkdir(exist_ok=True)
        file.touch()
        return file


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A sandbox at its default pace."""
    folder = tmp_path_factory.mktemp("home")
    daemon.start(folder, FAST, lambda line: None)
    yield folder
    daemon.stop(folder)


@pytest.fixture(scope="module")
def slow_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A sandbox in which a step takes seconds."""
    folder = tmp_path_factory.mktemp("slow")
    daemon.start(folder, 0.5, lambda line: None)
    yield folder
    daemon.stop(folder)


@pytest.fixture
def small_on(tmp_path: Path) -> Callable[[Path], Small]:
    (tmp_path / "project").mkdir()
    return lambda home: Small(home, tmp_path / "project")


@pytest.fixture
def small(home: Path, small_on: Callable[[Path], Small]) -> Small:
    return small_on(home)


@pytest.fixture(scope="module")
def living(home: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A stack that is up, and stays so; its settings are in every project of these tests."""
    Small(home, tmp_path_factory.mktemp("project")).succeeds("up", "living")
    return "living"


def kept(home: Path) -> list[tuple[str, str]]:
    """What looks like a stack: in the backend, and among the settings."""
    return States(home).stacks() + [("", folder.name) for folder in (home / "stacks").glob("[!.]*")]


# --- stacks that do not exist


def test_a_preview_leaves_nothing_that_looks_like_a_stack(small: Small) -> None:
    before = kept(small.home)
    assert "+ 3 to create" in small.succeeds("preview", "dev")
    assert kept(small.home) == before
    assert "no stack dev on this sandbox" in small.refuses("audit", "dev")


def test_a_killed_preview_leaves_none_either(small: Small) -> None:
    before = kept(small.home)
    with subprocess.Popen(
        small.command("preview", "dev"),
        env=small.environment,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as preview:
        assert preview.stdout is not None
        assert any("Previewing update (dev)" in line for line in preview.stdout)
        os.killpg(preview.pid, signal.SIGKILL)
    assert kept(small.home) == before


def test_a_preview_of_a_stack_that_is_there_looks_at_its_state(small: Small, living: str) -> None:
    assert "3 unchanged" in small.succeeds("preview", living)


@pytest.mark.parametrize("verb", ["plan", "audit", "rescue"])
def test_for_a_stack_that_is_not_here_a_command_names_that_of_the_real_account(small: Small, verb: str) -> None:
    said = small.refuses(verb, "dev")
    assert f"there is no stack dev on this sandbox; for the real account: `./exoscale-sks {verb} dev`" in said


def test_no_command_asks_exoscale_or_the_users_own_backend(small: Small, living: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as real:
        theirs = {
            "EXOSCALE_API_ENDPOINT": f"http://127.0.0.1:{real.getsockname()[1]}/v2",
            "EXOSCALE_KEY": "EXOreal",
            "EXOSCALE_SECRET": "real",
            "PULUMI_BACKEND_URL": f"file://{tmp_path / 'theirs'}",
            "PULUMI_CONFIG_PASSPHRASE": "theirs",
            "PULUMI_STACK": "theirs",
        }
        assert f"small/{living}" in small.succeeds("audit", living, **theirs)
        assert f"small/{living}" in small.succeeds("audit", **theirs)
        small.refuses("audit", "dev", **theirs)
        small.succeeds("preview", living, **theirs)
        real.setblocking(False)
        with pytest.raises(BlockingIOError):
            real.accept()
    assert not (tmp_path / "theirs").exists()


def test_a_stack_made_beside_the_users_own_passphrase_is_taken_down_from_another_terminal(
    small: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "theirs")
    monkeypatch.setenv("PULUMI_OPTION_TARGET", "urn:pulumi:theirs")
    stack = SandboxStack(small.home, small.folder, "made", small.record.environment(), program=lambda: None)
    stack.up()
    monkeypatch.undo()
    small.succeeds("down", "made", PULUMI_CONFIG_PASSPHRASE="another", PULUMI_HOME="/nowhere")


@pytest.mark.parametrize("name", ["1.json", "1.json.18ab.tmp"])
def test_a_lock_that_an_engine_was_killed_in_writing_is_in_nobodys_way(small: Small, living: str, name: str) -> None:
    lock = small.home / "pulumi" / ".pulumi" / "locks" / "organization" / "small" / living / name
    lock.parent.mkdir(parents=True, exist_ok=True)
    lock.touch()
    assert "3 unchanged" in small.succeeds("up", living)
    assert not lock.exists()


def test_a_stack_file_that_an_engine_was_killed_in_writing_costs_no_secret(small: Small, living: str) -> None:
    (small.home / "stacks" / living / f"Pulumi.{living}.yaml").write_text("encryptionsalt: [")
    assert "3 unchanged" in small.succeeds("up", living)


@pytest.mark.slow
def test_an_audit_shows_what_the_cloud_holds_of_a_stack_that_lost_its_state(small: Small) -> None:
    small.succeeds("up", "lost")
    checkpoint(small.home / "pulumi", "small", "lost").unlink()
    answer = small.run("audit", "--zone", "ch-gva-2", "lost")
    lost = "there is no stack lost on this sandbox; small/lost is here, with 2 anti-affinity groups in the cloud\n"
    assert lost in answer.stderr
    assert small.groups()["small-lost-first"] in answer.stdout


def test_a_qualified_name_is_the_same_stack_in_every_command(small: Small, living: str) -> None:
    audit = small.succeeds("audit", living).splitlines()
    assert small.succeeds("audit", f"organization/small/{living}").splitlines()[:-1] == audit[:-1]  # but for the time
    assert "3 unchanged" in small.succeeds("preview", f"acme/small/{living}")
    assert "of project theirs, this is small" in small.refuses("down", f"acme/theirs/{living}")


# --- a stack's own settings


def test_a_new_stack_starts_from_the_sandboxs_settings_and_has_its_own_from_then_on(small: Small) -> None:
    own = small.folder / "Pulumi.fresh.yaml"
    assert "Pulumi.fresh.yaml is not there: these would be the settings of Pulumi.sandbox.yaml" in small.succeeds(
        "preview", "fresh"
    )
    assert not own.exists()
    assert "Pulumi.fresh.yaml is new, a copy of Pulumi.sandbox.yaml" in small.succeeds("up", "fresh")
    assert own.read_text() == (small.folder / "Pulumi.sandbox.yaml").read_text()
    assert "is new" not in small.succeeds("up", "fresh")


def test_a_living_stack_without_its_settings_is_refused_and_can_be_taken_down(small: Small) -> None:
    small.succeeds("up", "moved")
    (small.folder / "Pulumi.moved.yaml").unlink()
    held = small.groups()
    for verb in ("up", "preview"):
        said = small.refuses(verb, "moved")
        assert (
            "stack moved has 4 resources (2 AntiAffinityGroup), and its settings Pulumi.moved.yaml are not in" in said
        )
        assert "`cp Pulumi.sandbox.yaml Pulumi.moved.yaml`" in said
    assert small.groups() == held
    (small.folder / "Pulumi.sandbox.yaml").unlink()
    small.succeeds("down", "moved")
    assert "neither Pulumi.moved.yaml nor Pulumi.sandbox.yaml" in small.refuses("up", "moved")


# --- down


def test_down_under_another_project_name_removes_nothing_and_names_what_runs(small: Small, living: str) -> None:
    kubeconfig, held, before = small.kubeconfig(living), small.groups(), kept(small.home)
    small.rename("fork")
    said = small.refuses("down", living)
    assert f"there is no stack fork/{living} on this sandbox, so nothing was removed" in said
    runs = "4 resources (2 AntiAffinityGroup) in its state and 2 anti-affinity groups in the cloud"
    assert f"; small/{living} is here, with {runs}\n" in said
    assert kubeconfig.exists()
    assert (small.groups(), kept(small.home)) == (held, before)


def test_destroying_a_stack_that_does_not_exist_makes_none(small: Small) -> None:
    stack = SandboxStack(small.home, small.folder, "never", small.record.environment())
    with pytest.raises(SandboxError, match="there is no stack small/never on this sandbox"):
        stack.destroy()
    assert not stack.exists


@pytest.mark.slow
def test_down_ends_with_a_receipt_also_of_a_stack_that_is_empty_by_now(small: Small) -> None:
    small.succeeds("up", "gone")
    kubeconfig = small.kubeconfig("gone")
    for _ in range(2):
        assert "receipt: nothing that costs money is left" in small.succeeds("down", "acme/small/gone")
        assert not kubeconfig.exists()


# --- metrics-server


def test_an_up_does_not_wait_for_metrics_server_which_is_installed_after_it(small: Small, tmp_path: Path) -> None:
    place = without("metrics-server", tmp_path / "cache")
    compiler = tmp_path / "bin" / "go"
    compiler.parent.mkdir()
    compiler.write_text(f"""#!/bin/sh
[ "$1" = build ] || exit 0
while [ "$1" != -o ]; do shift; done
cp {path_of("metrics-server")} "$2"
""")
    compiler.chmod(0o755)
    path = f"{compiler.parent}{os.pathsep}{os.environ['PATH']}"
    said = small.succeeds("up", "a", EXOSCALE_SKS_CACHE=str(tmp_path / "cache"), PATH=path)
    [line] = [line.strip() for line in said.splitlines() if "kubectl top" in line]
    log = tmp_path / "cache" / "metrics-server.log"
    assert line == f"kubectl top node      # once metrics-server is installed, in the background: tail -f {log}"
    eventually(lambda: (place / "metrics-server").exists(), what=log.read_text())
    assert "  kubectl top node\n" in small.succeeds("up", "a", EXOSCALE_SKS_CACHE=str(tmp_path / "cache"))


# --- Ctrl-C


def test_a_cancelled_up_says_how_to_go_on(slow_home: Path, small_on: Callable[[Path], Small]) -> None:
    small = small_on(slow_home)
    status, said = small.interrupted("first creating", "up", "a")
    assert status == 1
    assert said.splitlines()[-1].startswith(
        "cancelled: a has 3 resources (1 AntiAffinityGroup); `make up STACK=a` goes on"
    )
    assert "What next" in small.succeeds("up", "a")


def test_a_cancelled_down_says_what_is_left_and_removes_nothing(
    slow_home: Path, small_on: Callable[[Path], Small]
) -> None:
    small = small_on(slow_home)
    small.succeeds("up", "a")
    kubeconfig = small.kubeconfig("a")
    status, said = small.interrupted("second deleting", "down", "a")
    last = "cancelled: the state of a still holds 3 resources (1 AntiAffinityGroup); `make down STACK=a` goes on"
    assert (status, said.splitlines()[-1]) == (1, last)
    assert "receipt" not in said
    assert kubeconfig.exists()
    assert list(small.groups()) == ["small-a-first"]
    assert "receipt: nothing" in small.succeeds("down", "a")
    assert not kubeconfig.exists()


# --- --refresh


def test_refresh_heals_what_was_removed_by_hand(small: Small) -> None:
    def somebody_deletes_the_second() -> None:
        small.api.wait(small.api.delete_anti_affinity_group(id=small.groups()["small-healed-second"])["id"])

    small.succeeds("up", "healed")
    somebody_deletes_the_second()
    assert "3 unchanged" in small.succeeds("preview", "healed")
    assert "+ 1 to create" in small.succeeds("preview", "--refresh", "healed")
    small.succeeds("up", "--refresh", "healed")
    somebody_deletes_the_second()
    small.succeeds("down", "--refresh", "healed")
    assert not States(small.home).resources("small", "healed")


# --- the user's own pulumi


def test_after_env_the_users_own_pulumi_sees_the_sandboxs_stacks_and_not_theirs(
    small: Small, living: str, tmp_path: Path
) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    env = shlex.join([sys.executable, "-m", "sandbox", "--home", str(small.home), "env"])
    script = textwrap.dedent(f"""\
        eval "$({env})"
        pulumi stack ls --json
        pulumi stack output --show-secrets hidden --stack {living}
        eval "$({env} --unset)"
        echo "$PULUMI_BACKEND_URL $PULUMI_HOME $PULUMI_CONFIG_PASSPHRASE"
    """)
    own = {
        "PULUMI_BACKEND_URL": f"file://{theirs}/backend",
        "PULUMI_HOME": f"{theirs}/home",
        "PULUMI_CONFIG_PASSPHRASE": "theirs",
    }
    path = f"{path_of('pulumi').parent}:{os.environ['PATH']}"
    said = subprocess.run(
        ["bash", "-euc", script],
        cwd=small.folder,
        env={**small.environment, **own, "PATH": path},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    stacks, _, rest = said.rpartition("]\n")
    listed: list[dict[str, Any]] = json.loads(f"{stacks}]")
    assert living in {one["name"] for one in listed}
    assert rest.splitlines() == ["not for everybody", " ".join(own.values())]
    assert not list(theirs.iterdir())


def test_a_plugin_of_the_project_is_found_from_where_the_stack_runs(small: Small, living: str) -> None:
    """The engine refuses to run where the folder of a plugin is missing."""
    (small.folder / "provider").mkdir()
    small.rename("small", plugins={"providers": [{"name": "unused", "path": "./provider"}]})
    assert "3 unchanged" in small.succeeds("preview", living)


def test_the_events_of_a_preview_say_whether_it_succeeded(small: Small, tmp_path: Path) -> None:
    file = tmp_path / "new.jsonl"

    def comment() -> str:
        ended = CliRunner().invoke(exoscale_sks, ["comment", str(file)])
        assert ended.exit_code == 0, ended.output
        return ended.output

    small.succeeds("preview", "new", "--events", str(file))
    assert "🟡 `new`: 3 created · " in comment()

    (small.folder / "__main__.py").write_text("raise SystemExit('no such setting')")
    assert small.run("preview", "new", "--events", str(file)).returncode == 1
    assert "❌ `new`: **the preview failed**" in comment()
