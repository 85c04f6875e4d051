"""Local commands behave as pulumi-command's (docs/plugins.md, Commands)."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from pulumi.runtime.proto.provider_pb2 import DiffResponse, PropertyDiff

from sandbox.plugins.command import CommandProvider
from sandbox.plugins.host import PluginHost
from sandbox.plugins.properties import UNKNOWN, Secret
from tests.sandbox.plugins.plugin_driver import Plugin, Refused, Resource

TYPE = "command:local:Command"


@pytest.fixture
def host(tmp_path: Path) -> Iterator[PluginHost]:
    with PluginHost([CommandProvider()], tmp_path, {"OF_THE_ENGINE": "yes"}) as host:
        yield host


@pytest.fixture
def shell(host: PluginHost) -> Iterator[Plugin]:
    """The plugin, configured."""
    with Plugin(host.port("command")) as plugin:
        plugin.configure()
        yield plugin


def _run(shell: Plugin, command: str, **inputs: Any) -> Resource:
    return shell.create(TYPE, "job", create=command, **inputs)


def test_it_answers_the_version_and_flags_of_the_real_plugin(shell: Plugin) -> None:
    assert shell.version() == "1.2.1"
    answer = shell.configure()
    flags = (answer.acceptSecrets, answer.acceptResources, answer.acceptOutputs, answer.supportsPreview)
    assert flags == (True, True, True, True)


def test_the_command_runs_in_the_programs_folder_with_the_engines_environment(shell: Plugin, tmp_path: Path) -> None:
    made = _run(shell, "pwd; echo $OF_THE_ENGINE $OWN", environment={"OWN": "too"})
    assert made["stdout"] == f"{tmp_path}\nyes too"


def test_a_relative_folder_is_below_the_programs(shell: Plugin, tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    assert _run(shell, "pwd", dir="below")["stdout"] == str(tmp_path / "below")


def test_one_newline_is_trimmed_and_both_streams_are_kept_apart(shell: Plugin) -> None:
    made = _run(shell, "printf 'out\\n\\n'; printf 'err' >&2")
    assert (made["stdout"], made["stderr"]) == ("out\n", "err")


def test_the_id_is_the_name_and_eight_hex_digits(shell: Plugin) -> None:
    made = _run(shell, "true")
    assert made.id.startswith("job")
    assert len(made.id) == len("job") + 8
    int(made.id.removeprefix("job"), 16)


def test_input_and_interpreter_are_given(shell: Plugin) -> None:
    assert _run(shell, "cat", stdin="hello")["stdout"] == "hello"
    assert _run(shell, "said", interpreter=["/bin/echo", "it"])["stdout"] == "it said"


def test_a_large_input_that_is_not_read_does_no_harm(shell: Plugin) -> None:
    assert _run(shell, "true", stdin="x" * 1_000_000)["stdout"] == ""


def test_a_failed_creation_shows_the_command_and_leaves_nothing(shell: Plugin) -> None:
    with pytest.raises(Refused) as refused:
        _run(shell, 'echo "one"; echo two >&2; exit 3')
    assert refused.value.text.startswith('exit status 3: running "echo \\"one\\"; echo two >&2; exit 3":\n')
    assert sorted(refused.value.text.splitlines()[1:]) == ["one", "two"]
    assert refused.value.partial is None


@pytest.mark.parametrize(
    ("inputs", "text"),
    [
        ({"dir": "/nowhere"}, 'chdir /nowhere: no such file or directory: running "true":'),
        ({"interpreter": ["no-such"]}, 'exec: "no-such": executable file not found in $PATH: running "true":'),
        ({"interpreter": ["/no/such"]}, 'fork/exec /no/such: no such file or directory: running "true":'),
    ],
)
def test_a_command_that_does_not_start_says_why(shell: Plugin, inputs: dict[str, Any], text: str) -> None:
    with pytest.raises(Refused) as refused:
        _run(shell, "true", **inputs)
    assert refused.value.text.startswith(text)


def test_only_triggers_replace(shell: Plugin) -> None:
    made = _run(shell, "true", triggers=["a"], delete="true")
    assert shell.diff(made).changes == DiffResponse.DIFF_NONE
    again = shell.diff(made, **made.inputs | {"triggers": ["b"]})
    assert (list(again.replaces), again.deleteBeforeReplace) == (["triggers"], False)
    assert again.detailedDiff["triggers"].kind == PropertyDiff.UPDATE_REPLACE
    for change in ({"delete": "false"}, {"logging": "none"}, {"create": "echo"}):
        answer = shell.diff(made, **made.inputs | change)
        assert (list(answer.diffs), list(answer.replaces)) == (list(change), [])


def test_an_update_runs_update_or_else_create(shell: Plugin) -> None:
    made = _run(shell, "echo created")
    assert shell.update(made, create="echo created", update="echo updated")["stdout"] == "updated"
    assert shell.update(made, create="echo again")["stdout"] == "again"


def test_an_update_without_a_command_changes_the_state_only(shell: Plugin) -> None:
    made = _run(shell, "echo created")
    changed = shell.update(made, delete="true")
    assert changed.outputs == {"delete": "true", "stdout": "created", "stderr": ""}


def test_a_failed_update_keeps_the_old_state(shell: Plugin) -> None:
    with pytest.raises(Refused, match="exit status 1") as refused:
        shell.update(_run(shell, "true"), create="false")
    assert refused.value.partial is None


def test_earlier_output_reaches_update_and_delete_unless_switched_off(shell: Plugin, tmp_path: Path) -> None:
    show = "echo ${PULUMI_COMMAND_STDOUT-unset} ${PULUMI_COMMAND_STDERR-unset}"
    made = _run(shell, f"{show}; echo one")
    assert made["stdout"] == "unset unset\none"
    assert shell.update(made, create="x", update=show)["stdout"] == "unset unset one unset"
    off = shell.update(made, create="x", update=show, addPreviousOutputInEnv=False)
    assert off["stdout"] == "unset unset"
    shell.delete(_run(shell, "echo bye", delete='echo "$PULUMI_COMMAND_STDOUT" >gone'))
    assert (tmp_path / "gone").read_text() == "bye\n"


def test_delete_runs_what_the_state_says(shell: Plugin, tmp_path: Path) -> None:
    made = _run(shell, "true", delete="touch $MARK; cat >input", environment={"MARK": "mark"}, stdin="in")
    shell.delete(made)
    assert (tmp_path / "mark").exists()
    assert (tmp_path / "input").read_text() == "in"
    shell.delete(_run(shell, "true"))


def test_a_failed_delete_is_an_error(shell: Plugin) -> None:
    with pytest.raises(Refused, match="exit status 7"):
        shell.delete(_run(shell, "true", delete="exit 7"))


def test_a_preview_runs_nothing(shell: Plugin, tmp_path: Path) -> None:
    planned = shell.create(TYPE, "job", create="touch ran", preview=True)
    assert (planned["stdout"], planned["stderr"]) == (UNKNOWN, UNKNOWN)
    made = _run(shell, "echo one")
    again = shell.update(made, create="touch ran", preview=True)
    assert (again["stdout"], again["create"]) == (UNKNOWN, "touch ran")
    assert not (tmp_path / "ran").exists()


def test_a_secret_stays_a_secret_input_but_not_in_the_output(shell: Plugin) -> None:
    made = _run(shell, "echo $WORD", environment=Secret({"WORD": "hunter2"}))
    assert made.outputs["environment"] == Secret({"WORD": "hunter2"})
    assert made.outputs["stdout"] == "hunter2"


def test_a_refresh_echoes_the_state(shell: Plugin) -> None:
    made = _run(shell, "echo one")
    read = shell.read(made)
    assert read is not None
    assert (read.outputs, read.inputs) == (made.outputs, made.inputs)


@pytest.mark.parametrize(
    ("logging", "lines"),
    [
        ({}, ["err", "out"]),
        ({"logging": "stdoutAndStderr"}, ["err", "out"]),
        ({"logging": "stdout"}, ["out"]),
        ({"logging": "stderr"}, ["err"]),
        ({"logging": "none"}, []),
    ],
)
def test_lines_are_logged_as_asked(
    shell: Plugin, caplog: pytest.LogCaptureFixture, logging: dict[str, str], lines: list[str]
) -> None:
    with caplog.at_level("DEBUG", logger="sandbox.plugins.command"):
        made = _run(shell, "echo out; echo err >&2", **logging)
    assert sorted(message.removeprefix(f"{made.urn} ") for message in caplog.messages) == lines


def test_a_custom_timeout_kills_the_shell(shell: Plugin) -> None:
    with pytest.raises(Refused, match='signal: killed: running "exec sleep 60"'):
        shell.create(TYPE, "job", create="exec sleep 60", timeout=0.2)


def test_cancel_kills_the_running_commands_of_its_connection(host: PluginHost, shell: Plugin, tmp_path: Path) -> None:
    started = tmp_path / "started"
    with Plugin(host.port("command")) as other, ThreadPoolExecutor(2) as pool:
        other.configure()
        running = pool.submit(_run, shell, "touch started; exec sleep 60")
        spared = pool.submit(_run, other, "while [ ! -e cancelled ]; do sleep 0.05; done; echo spared")
        while not started.exists():
            time.sleep(0.02)
        shell.cancel()
        with pytest.raises(Refused, match="signal: killed: running"):
            running.result(timeout=30)
        (tmp_path / "cancelled").touch()
        assert spared.result(timeout=30)["stdout"] == "spared"


def test_files_are_collected_by_globs(shell: Plugin, tmp_path: Path) -> None:
    made = _run(shell, "mkdir -p out; echo a >out/a.txt; echo b >out/b.txt", assetPaths=["out/*.txt", "!out/b.txt"])
    assert list(made["assets"]) == ["out/a.txt"]
    assert made["assets"]["out/a.txt"]["path"] == str(tmp_path / "out" / "a.txt")
    assert _run(shell, "true", assetPaths=["none*"])["assets"] == {}
    assert sorted(_run(shell, "true", archivePaths=["out/*"])["archive"]["assets"]) == ["out/a.txt", "out/b.txt"]


def test_a_remote_command_is_not_simulated(shell: Plugin) -> None:
    with pytest.raises(Refused, match="does not know the resource type command:remote:Command"):
        shell.create("command:remote:Command", "job", create="true")
