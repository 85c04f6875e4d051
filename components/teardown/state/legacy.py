"""The command lines in states from before the provider: `sh teardown/run.sh VERB --option value …`.

The content of a state is an interface: they stay readable, and runnable (`tests/teardown/recorded_commands.txt`).
"""

import shlex

from ..cloud.account import Document

COMMAND = "command:local:Command"


def options(resource: Document, step: str, verb: str) -> dict[str, list[str]] | None:
    """Returns the options with which a resource calls the teardown; None if it does not.

    Args:
        step: when it calls: `create` or `delete`.
        verb: the command to look for.
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
