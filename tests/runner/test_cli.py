"""The runner's commands: their help, and one line where there is nothing to run."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from runner.cli import main
from sandbox.admin import Admin
from sandbox.sandbox import Sandbox

Run = Callable[..., Result]
VERBS = ("up", "preview", "down", "plan", "audit", "rescue", "stacks", "cycle")


def test_the_commands_that_the_makefile_and_the_messages_name_exist() -> None:
    assert {*main.commands} == {*VERBS}


@pytest.mark.parametrize("verb", VERBS)
def test_every_command_explains_itself_with_an_example(run: Run, verb: str) -> None:
    shown = run(verb, "--help")
    assert shown.exit_code == 0
    assert (main.commands[verb].help or "").split()[0] in shown.output
    example = "python -m runner stacks" if verb == "stacks" else f"python -m runner {verb} alice"
    assert shown.output.partition("Example:\n")[2].strip() == example


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("down", "nobody"), "there is no stack exoscale-sks/nobody on this sandbox, so nothing was removed"),
        (("audit", "nobody"), "nobody on this sandbox; for the real account: `./exoscale-sks audit nobody`"),
        (("audit", "--zone", "ch-gva-2", "acme/exoscale-sks/nobody", "--json"), "`./exoscale-sks audit nobody`"),
        (("rescue", "--dry-run", "organization/nobody"), "`./exoscale-sks rescue nobody`"),
        (("plan", "acme/another/nobody"), "stack acme/another/nobody is of project another, this is exoscale-sks"),
        (("up", "../x"), 'name is "../x"'),
        (("preview", "a b"), 'name is "a b"'),
    ],
)
def test_a_stack_that_is_not_here_is_one_line_and_leaves_no_trace(
    run: Run, tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    result = run(*arguments)
    assert result.exit_code == 1
    assert message in result.output
    assert result.output.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_without_a_stack_of_the_name_a_cloud_that_does_not_answer_is_no_proof_of_nothing(tmp_path: Path) -> None:
    with Sandbox(tmp_path) as sandbox:
        Admin(sandbox.record).expire_key("sandbox")
        result = CliRunner().invoke(main, ["--home", str(tmp_path), "audit", "nobody"])
    assert result.exit_code == 1
    assert "there is no stack nobody on this sandbox; what the cloud holds it does not say: " in result.output
    assert result.output.count("\n") == 1


def test_the_stacks_of_a_sandbox_are_listed_without_naming_one(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with Sandbox(tmp_path):
        result = CliRunner().invoke(main, ["--home", str(tmp_path), "stacks", "--zone", "ch-gva-2"])

    printed = capfd.readouterr()
    assert result.exit_code == 0, printed.err
    assert printed.out.startswith("0 stacks of exoscale-sks: 0 things that cost 0.00 CHF per month (the sandbox at ")
