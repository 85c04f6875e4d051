"""The command lines that states of before the provider hold: `sh teardown/run.sh VERB --option value …`.

What stands in a state is an interface: they stay readable, and runnable (`tests/teardown/recorded_commands.txt`).
"""

import shlex

from ..cloud.account import Document

COMMAND = "command:local:Command"


def options(resource: Document, step: str, verb: str) -> dict[str, list[str]] | None:
    """The options with which a resource calls the teardown; None where it does not.

    Args:
        step: when it would: `create` or `delete`.
        verb: the command that is looked for.
    """
    if resource["type"] != COMMAND or not isinstance(text := (resource.get("inputs") or {}).get(step), str):
        return None
    words = shlex.split(text)
    if words[:3] != ["sh", "teardown/run.sh", verb]:
        return None
    found: dict[str, list[str]] = {}
    for word in words[3:]:
        if word.startswith("--"):
            values = found.setdefault(word.removeprefix("--"), [])
        else:
            values.append(word)
    return found
