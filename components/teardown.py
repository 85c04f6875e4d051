"""How Pulumi calls `python -m teardown`."""

import shlex
from collections.abc import Sequence

# Relative, for it stands in the state: a destroy may run in another clone on another machine. The command and
# Kubernetes plugins run in the project's folder (design §3).
RUN = ("sh", "teardown/run.sh")

Value = str | int | float | bool | Sequence[str]


def teardown(verb: str, **options: Value) -> str:
    """The shell command.

    Args:
        options: the command's options, with `_` for `-`. A sequence gives an option again and again, True a flag. A
            value that starts with `$` is left for the shell.
    """
    return " ".join([*RUN, verb, *(_quoted(word) for word in _words(options))])


def _words(options: dict[str, Value]) -> list[str]:
    words: list[str] = []
    for key, value in options.items():
        flag = f"--{key.replace('_', '-')}"
        if isinstance(value, bool):
            words += [flag] if value else []
        else:
            values = [value] if isinstance(value, str | int | float) else value
            words += [word for one in values for word in (flag, str(one))]
    return words


def _quoted(word: str) -> str:
    return f'"{word}"' if word.startswith("$") else shlex.quote(word)
