"""`python -m runner.demo.k9s`: brings a stack up, opens k9s on its cluster, and draws `docs/k9s.svg`."""

import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from runner.demo.checkout import checkout
from runner.demo.excerpt import anonymous
from runner.demo.screen import Screen
from runner.demo.terminal import typed
from runner.project import FOLDER
from sandbox.environment import forget_foreign
from tools import path_of

PICTURE = FOLDER / "docs" / "k9s.svg"
TITLE = "k9s on the simulated Exoscale"
COMMAND = "k9s --kubeconfig .kube/demo.yaml --command nodes"
COLUMNS, ROWS = 120, 14
QUIT = "\x03"
# It asks no publisher for news, and begins with the list at once.
_SETTINGS = "k9s:\n  skipLatestRevCheck: true\n  ui:\n    splashless: true\n"
# What the Makefile and its user have set, and what another checkout would not have.
_FOREIGN = ("MAKE", "MFLAGS", "SANDBOX_", "NO_COLOR")


def opened(kubeconfig: Path, folder: Path, rows: int = ROWS, columns: int = COLUMNS) -> Screen:
    """Opens k9s at the cluster's nodes.

    Args:
        kubeconfig: of the cluster.
        folder: for its settings and logs.
        rows: of its terminal.
        columns: of its terminal.
    """
    (folder / "config.yaml").write_text(_SETTINGS)
    environment = {
        "HOME": str(folder),
        "PATH": os.defpath,
        "LANG": "C.UTF-8",
        "COLORTERM": "truecolor",
        "K9S_CONFIG_DIR": str(folder),
        "K9S_LOGS_DIR": str(folder),
    }
    command = [str(path_of("k9s")), "--kubeconfig", str(kubeconfig), "--command", "nodes", "--readonly"]
    return Screen(command, environment, folder, rows, columns)


def nodes(lines: list[str]) -> list[str]:
    """The names of the nodes that are Ready, as they stand on the screen."""
    rows = [line.strip(" │").split() for line in lines]
    return [row[0] for row in rows if "Ready" in row]


def main() -> None:
    from runner.demo.picture import drawn  # needs requirements-pictures.txt, and a test needs only the rest

    environment = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
    forget_foreign(environment)
    with checkout(FOLDER) as folder, TemporaryDirectory(prefix="k9s-") as scratch:
        _make("up", folder, environment)
        with opened(folder / ".kube" / "demo.yaml", Path(scratch)) as screen:
            screen.wait(lambda lines: len(nodes(lines)) == 2 and any("K8s Rev: v1" in line for line in lines))
            names = {str(folder): "~/exoscale-sks", scratch: "~"}
            lines = [anonymous(line, names) for line in screen.coloured]
            screen.type(QUIT)
            screen.ended()
        _make("down", folder, environment)
    PICTURE.write_text(drawn([f"$ {COMMAND}", *lines], TITLE, COLUMNS))
    print(f"{PICTURE} is new")


def _make(verb: str, folder: Path, environment: dict[str, str]) -> None:
    status, _ = typed(f"make {verb} STACK=demo", folder, environment, sys.stdout.buffer.write)
    if status:
        sys.exit(f"`make {verb} STACK=demo` ended with status {status}: {PICTURE} stays as it was")


if __name__ == "__main__":
    main()
