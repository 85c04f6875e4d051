"""Lines for `eval` in the user's own shell, which take the sandbox's variables over and give the user's back.

POSIX sh: they run in dash, bash and zsh, also under `set -eu`. What the user had stays in the shell, in variables that
are not exported: no client sees a real key, and no value is ever quoted, printed or parsed.
"""

import shlex
from collections.abc import Iterable, Mapping

from sandbox.environment import FOREIGN

IN_SANDBOX = "IN_SANDBOX"  # exported: whoever a shell starts can tell, and so can `leave` in a shell inside that one
_PREFIX = "(sandbox) "

# Only a child knows which variables are exported: POSIX has no other way to ask.
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
    """Sets these variables, forgets what would win over them, and shows it in the prompt.

    What the user had is kept once: entering again, or another sandbox, does not lose it.
    """
    exports = "\n".join(f"export {name}={shlex.quote(value)}" for name, value in {**values, IN_SANDBOX: "1"}.items())
    # The values go in last: they may hold the words that are replaced.
    script = _filled(_ENTER, values).replace("FOREIGN", " ".join(FOREIGN))
    head, tail = script.split("EXPORTS")
    return f"{head}{exports}{tail}"


def leave(names: Iterable[str]) -> str:
    """Gives back what the user had before the first `enter`: the values, which of them were exported, the prompt.

    A shell that was started from the one that entered has nothing to give back, and only forgets the sandbox's. A shell
    that never entered is left alone.

    Args:
        names: of the variables that `enter` sets.
    """
    return _filled(_LEAVE, names)


def _filled(script: str, names: Iterable[str]) -> str:
    return script.replace("NAMES", " ".join((*names, IN_SANDBOX, *FOREIGN))).replace("PREFIX", _PREFIX)
