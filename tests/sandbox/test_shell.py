"""What `sandbox env` prints, evaluated by real shells."""

import shlex
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.backend import Backend
from sandbox.environment import FOREIGN, variables
from sandbox.shell import IN_SANDBOX, enter, leave

SHELLS = [shell for shell in ("sh", "bash", "zsh") if shutil.which(shell)]
VALUES = {
    **variables("http://127.0.0.1:1", "http://127.0.0.1:2", "EXOfake", "it's $HOME", Path("/a b/ca bundle.pem")),
    **Backend(Path("/a b/it's")).variables(),
}
OTHERS = {name: f"another sandbox's {value}" for name, value in VALUES.items()}
CHANGED = (*VALUES, *FOREIGN)
NAMES = (*CHANGED, IN_SANDBOX)
REAL = {"EXOSCALE_KEY": "EXOreal", "CLOUDSTACK_SECRET": "real", "EXOSCALE_API_KEY": "EXOreal", "ALL_PROXY": "http://x"}
# Every variable as the shell sees it, then those that its children see.
_SHOW = [f'printf \'%s\\0\' {name} "${{{name}+set}}" "${{{name}-}}"' for name in (*NAMES, "PS1")]
SHOW = "\n".join([*_SHOW, "printf 'exported\\0'", "env -0", "printf 'shown\\0'"])

value = st.text(st.characters(exclude_characters="\0", codec="utf-8")) | st.text("'\"$`\\ \n\t(sandbox)*;&")


class Shell:
    """One shell process after a script, which shows itself as often as the script says `SHOW`."""

    def __init__(self, shell: str, script: str, environment: Mapping[str, str] | None = None) -> None:
        done = subprocess.run(
            [shell, "-euc", script.replace("SHOW", SHOW)],
            env={"PATH": "/usr/bin:/bin", **(environment or {})},
            capture_output=True,
            check=True,
        )
        assert done.stderr == b""
        shown = [one.partition(b"exported\0") for one in done.stdout.split(b"shown\0")[:-1]]
        self.shown = [(variables_, sorted(exported.split(b"\0"))) for variables_, _, exported in shown]

    @property
    def environment(self) -> dict[str, str]:
        """What a child saw at the last `SHOW`."""
        entries = (entry.decode().partition("=") for entry in self.shown[-1][1] if entry)
        return {name: value for name, _, value in entries}


@pytest.mark.parametrize("shell", SHELLS)
@settings(deadline=None, max_examples=40)
@given(
    own=st.dictionaries(st.sampled_from((*CHANGED, "PS1")), st.tuples(value, st.booleans()), max_size=8),
    entered=st.lists(st.sampled_from([VALUES, OTHERS]), max_size=3),
)
def test_a_shell_gets_its_own_variables_back_exactly(
    shell: str, own: dict[str, tuple[str, bool]], entered: list[dict[str, str]]
) -> None:
    """Values, what was exported and what was unset, the prompt; also after none, and after several `env`."""
    script = [f"{name}={shlex.quote(text)}" for name, (text, _) in own.items()]
    script += [f"export {name}" for name, (_, exported) in own.items() if exported]
    script += ["SHOW", *map(enter, entered), leave(VALUES), "SHOW"]
    before, after = Shell(shell, "\n".join(script)).shown
    assert after == before


@pytest.mark.parametrize("shell", SHELLS)
def test_eval_sets_every_variable_whatever_its_value_holds(shell: str) -> None:
    after = Shell(shell, f"{enter(OTHERS)}\n{enter(VALUES)}\nSHOW", REAL).environment
    assert {name: after[name] for name in VALUES} == VALUES


@pytest.mark.parametrize("shell", SHELLS)
def test_eval_hides_the_other_names_of_real_credentials_from_every_child(shell: str) -> None:
    after = Shell(shell, f"{enter(VALUES)}\nSHOW", REAL).environment
    assert not set(FOREIGN) & set(after)
    assert "real" not in "".join(after.values())


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_inside_one_that_entered_forgets_the_sandbox(shell: str) -> None:
    inner = Shell(shell, f"{leave(VALUES)}\nSHOW", Shell(shell, f"{enter(VALUES)}\nSHOW", REAL).environment)
    assert not set(NAMES) & set(inner.environment)


@pytest.mark.parametrize("shell", SHELLS)
def test_a_prompt_that_was_changed_meanwhile_loses_only_what_we_added(shell: str) -> None:
    script = (
        f"PS1='> '\n{enter(VALUES)}\n{enter(VALUES)}\nPS1=\"(.venv) $PS1\"\nexport PS1\nSHOW\n{leave(VALUES)}\nSHOW"
    )
    ran = Shell(shell, script)
    (_, inside), (_, after) = ran.shown
    assert b"PS1=(.venv) (sandbox) > " in inside
    assert b"PS1=(.venv) > " in after


def test_the_prompt_of_an_interactive_shell_says_once_that_it_is_the_sandboxs(tmp_path: Path) -> None:
    for name, text in (("enter", enter(VALUES)), ("leave", leave(VALUES))):
        (tmp_path / name).write_text(text)
    typed = 'PS1=\'> \'\neval "$(cat enter)"\neval "$(cat enter)"\neval "$(cat leave)"\nexit\n'
    prompts = subprocess.run(
        ["bash", "--norc", "--noprofile", "-i"],
        input=typed,
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    ).stderr
    assert prompts.splitlines()[-5:] == [
        '> eval "$(cat enter)"',
        '(sandbox) > eval "$(cat enter)"',
        '(sandbox) > eval "$(cat leave)"',
        "> exit",
        "exit",
    ]
