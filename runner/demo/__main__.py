"""`python -m runner.demo`: brings a stack up and down in a terminal, and draws what it printed."""

import os
import sys
from pathlib import Path

from runner.demo.checkout import checkout
from runner.demo.excerpt import SESSION, Missing, anonymous, excerpt
from runner.demo.picture import drawn
from runner.demo.terminal import COLUMNS, typed
from runner.project import FOLDER
from sandbox.environment import forget_foreign
from tools import path_of

PICTURE = FOLDER / "docs" / "demo.svg"
TITLE = "exoscale-sks on the simulated Exoscale"
# What `make demo` and its user have set, and what another checkout would not have.
_FOREIGN = ("MAKE", "MFLAGS", "SANDBOX_", "NO_COLOR")


def main() -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
    forget_foreign(environment)
    environment["PATH"] = f"{path_of('kubectl').parent}{os.pathsep}{environment['PATH']}"
    lines: list[str] = []
    with checkout(FOLDER) as folder:
        names = {str(folder): "~/exoscale-sks", str(FOLDER): "~/exoscale-sks", str(Path.home()): "~"}
        for command in SESSION:
            status, printed = typed(command.line, folder, environment, _see)
            if status:
                sys.exit(f"`{command.line}` ended with status {status}: {PICTURE} stays as it was")
            try:
                lines += ["", *excerpt(command, anonymous(printed, names))]
            except Missing as missing:
                sys.exit(f"{missing}: {PICTURE} stays as it was")
    PICTURE.write_text(drawn(lines[1:], TITLE, COLUMNS))
    print(f"{PICTURE} is new")


def _see(chunk: bytes) -> None:
    sys.stdout.buffer.write(chunk)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
