"""The command line as a whole: what it offers, and how it fails."""

import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from components.cli import COMMANDS, main


@pytest.mark.parametrize("verb", COMMANDS)
def test_every_verb_says_what_it_does_and_what_each_option_is_for(verb: str) -> None:
    found = main.get_command(click.Context(main), verb)

    assert found is not None
    assert found.help
    options = [one for one in found.params if isinstance(one, click.Option) and not one.hidden]
    assert [one.name for one in options if not one.help and not isinstance(one.type, click.Choice)] == []


def test_the_list_shows_the_verbs_of_people_first_and_hides_what_only_a_state_calls() -> None:
    listed = CliRunner().invoke(main, ["--help"]).output.partition("Commands:")[2].split("\n")

    names = [line.split()[0] for line in listed if line.strip()]
    assert names[:4] == ["audit", "plan", "rescue", "drift"]
    assert not {"mark", "sweep-rules"} & {*names}


def test_a_verb_that_does_not_exist_is_an_error() -> None:
    done = CliRunner().invoke(main, ["destroy"])

    assert done.exit_code == 2
    assert "No such command 'destroy'" in done.output


def test_it_runs_without_the_program_the_sandbox_or_pulumis_sdk() -> None:
    """It has to work when the program does not, and the credential plugin has to be quick."""
    script = "import sys, components.cli as cli, click\n" + "".join(
        f"cli.main.get_command(click.Context(cli.main), {verb!r})\n" for verb in COMMANDS
    )
    script += "print(sorted({name.partition('.')[0] for name in sys.modules} & {'pulumi', 'sandbox', 'configuration'}))"

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_the_credential_plugin_loads_no_kubernetes_client() -> None:
    """Helm and the Kubernetes plugin start it again and again, and the client takes longer than all the rest."""
    script = "import sys, components.teardown.credential; print('kubernetes' in sys.modules)"

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "False"
