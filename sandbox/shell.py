"""Lines for `eval` in the user's own shell, which set the sandbox's variables and restore the user's.

POSIX sh: they run in dash, bash and zsh, even under `set -eu`. The user's values stay in the shell, in variables that
are not exported: no client sees a real key, and no value is ever quoted, printed or parsed.
"""

import shlex
from collections.abc import Iterable, Mapping

from sandbox.environment import FOREIGN

IN_SANDBOX = "IN_SANDBOX"  # exported, so that child processes can tell, and `leave` in a nested shell too
_PREFIX = "(sandbox) "

# Only a child process can tell which variables are exported: POSIX has no other way.
_ENTER = """\
if [ -z "${_sandbox_exported+x}" ]; then
_sandbox_exported=" $(sh -c 'for name do eval "[ -z \\"\\${$name+x}\\" ]" || printf "%s " "$name"; done' sh NAMES)"
for _sandbox_name in NAMES; do
eval "[ -z \\"\\${$_sandbox_name+x}\\" ] || _sandbox_was_$_sandbox_name=\\$$_sandbox_name"
done
unset _sandbox_name
fi
unset FOREIGN
EXPORTS
case "${PS1-}" in
'' | "PREFIX"*) ;;
*) PS1="PREFIX$PS1" _sandbox_prompt=1 ;;
esac"""

_LEAVE = """\
if [ -n "${_sandbox_exported+x}" ]; then
for _sandbox_name in NAMES; do
unset "$_sandbox_name"
eval "[ -z \\"\\${_sandbox_was_$_sandbox_name+x}\\" ] || $_sandbox_name=\\$_sandbox_was_$_sandbox_name"
case "$_sandbox_exported" in *" $_sandbox_name "*) export "$_sandbox_name" ;; esac
unset "_sandbox_was_$_sandbox_name"
done
unset _sandbox_exported _sandbox_name
elif [ -n "${IN_SANDBOX-}" ]; then
unset NAMES
fi
if [ -n "${_sandbox_prompt-}" ]; then
case "${PS1-}" in *"PREFIX"*) PS1=${PS1%%"PREFIX"*}${PS1#*"PREFIX"} ;; esac
unset _sandbox_prompt
fi"""


def enter(values: Mapping[str, str]) -> str:
    """Returns lines that set these variables, unset those that would override them, and change the prompt.

    The user's values are saved once: entering again, or another sandbox, does not lose them.
    """
    exports = "\n".join(f"export {name}={shlex.quote(value)}" for name, value in {**values, IN_SANDBOX: "1"}.items())
    # The values are inserted last: they may contain the words that are replaced.
    script = _filled(_ENTER, values).replace("FOREIGN", " ".join(FOREIGN))
    head, tail = script.split("EXPORTS")
    return f"{head}{exports}{tail}"


def leave(names: Iterable[str]) -> str:
    """Returns lines that restore what the user had before the first `enter`: values, export flags and the prompt.

    A shell started from the one that entered has nothing to restore, and only unsets the sandbox's variables. A shell
    that never entered is left alone.

    Args:
        names: names of the variables that `enter` sets.
    """
    return _filled(_LEAVE, names)


def _filled(script: str, names: Iterable[str]) -> str:
    return script.replace("NAMES", " ".join((*names, IN_SANDBOX, *FOREIGN))).replace("PREFIX", _PREFIX)
