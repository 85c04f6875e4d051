"""The script through which the engine finds our provider in a project's folder."""

from pathlib import PurePosixPath

FOLDER = "plugin"
PROVIDER = "exoscale-teardown"
FILE = f"{FOLDER}/pulumi-resource-{PROVIDER}"
"""Relative to the project's folder. Kubeconfigs in states contain this path, so it must not change."""

_HEAD = f"""\
#!/bin/sh
# How Pulumi finds the provider {PROVIDER}, which runs in the project's own Python. Commit this file: a fresh
# clone has no Python of its own yet, and a plain `pulumi destroy`, which runs no program, would not install it.
project=$(cd -- "$(dirname -- "$0")/.." && pwd) || exit
"""
_INSTALL = f"""\
if [ ! -x "$python" ]; then
  echo "{PROVIDER}: installing the project's packages with \\`pulumi install\\`" >&2
  (cd -- "$project" && pulumi install >&2) || exit
fi
"""
_IN_A_CHECKOUT = """\
PYTHONPATH=$project${PYTHONPATH:+:$PYTHONPATH}
export PYTHONPATH
"""


def plugin_script(package: str, virtualenv: str | None, in_a_checkout: bool = False) -> str:
    """Returns the script's text.

    Args:
        package: import name of the library.
        virtualenv: the project's virtual environment, relative to its folder; None uses the `python3` on PATH.
        in_a_checkout: whether the library is in the project's folder rather than installed.
    """
    # An absolute path stays one: `cd` made the project's absolute too.
    place = PurePosixPath("$project", virtualenv or "") / "bin" / "python"
    python = f'python="{place}"\n{_INSTALL}' if virtualenv else "python=python3\n"
    return f'{_HEAD}{python}{_IN_A_CHECKOUT if in_a_checkout else ""}exec "$python" -m {package}.provider "$@"\n'
