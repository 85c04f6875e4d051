"""The backend that stores stacks and their states, accessed through the user's own `pulumi`."""

import json
import subprocess
from datetime import datetime
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

import yaml

from ..cloud.account import Document
from ..errors import TeardownError

_HISTORY = "100"  # entries, the newest first; beside `up` there are refreshes and destroys
_NO_SUCH_STACK = "no stack named"


class Backend(Protocol):
    """A backend that stores stacks and their states."""

    def stacks(self) -> set[str]:
        """Returns the names of the project's stacks."""

    def export(self, stack: str) -> Document | None:
        """Returns the stack's state as `pulumi stack export` writes it; None if there is no such stack."""

    def worker(self, stack: str) -> str:
        """Says who is working on the stack now; empty if nobody is."""

    def last_up(self, stack: str) -> datetime | None:
        """Returns when the stack's last `up` ended, whatever its result; None if the history has none."""

    def destroy(self, stack: str) -> None:
        """Destroys the stack; what Pulumi prints goes to the screen.

        Raises:
            TeardownError: Pulumi did not destroy it.
        """

    def restore(self, stack: str, exported: Document) -> None:
        """Replaces the stack's state, which Pulumi checks first.

        Raises:
            TeardownError: Pulumi refuses it.
        """


class Pulumi:
    """The backend that the user's `pulumi` is logged in to.

    Args:
        folder: the project's folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def stacks(self) -> set[str]:
        rows: list[Document] = json.loads(self._asked("stack", "ls", "--json"))
        return {row["name"].rpartition("/")[2] for row in rows}

    def export(self, stack: str) -> Document | None:
        try:
            exported: Document = json.loads(self._asked("stack", "export", "--stack", stack))
        except TeardownError as error:
            if _NO_SUCH_STACK in str(error):
                return None
            raise
        return exported

    def worker(self, stack: str) -> str:
        name = stack.rpartition("/")[2]
        rows: list[Document] = json.loads(self._asked("stack", "ls", "--json"))
        if any(row.get("updateInProgress") for row in rows if row["name"].rpartition("/")[2] == name):
            return "an update that is under way"
        url: str = json.loads(self._asked("whoami", "--json"))["url"]
        if urlsplit(url).scheme != "file":
            return ""
        locks = Path(unquote(urlsplit(url).path)) / ".pulumi" / "locks"
        found = [json.loads(file.read_text()) for file in locks.glob(f"*/{project(self._folder)}/{name}/*.json")]
        return ", ".join(f"{lock.get('username')}@{lock.get('hostname')} (pid {lock.get('pid')})" for lock in found)

    def last_up(self, stack: str) -> datetime | None:
        rows: list[Document] = json.loads(
            self._asked("stack", "history", "--json", "--stack", stack, "--page-size", _HISTORY)
        )
        ups = [row.get("endTime") or row["startTime"] for row in rows if row["kind"] == "update"]
        return max(map(datetime.fromisoformat, ups), default=None)

    def destroy(self, stack: str) -> None:
        command = ["pulumi", "destroy", "--yes", "--stack", stack, "--non-interactive", "--color", "never"]
        ended = subprocess.run(command, cwd=self._folder, check=False)
        if ended.returncode:
            raise TeardownError(f"`pulumi destroy --stack {stack}` ended with status {ended.returncode}")

    def restore(self, stack: str, exported: Document) -> None:
        self._asked("stack", "import", "--stack", stack, stdin=json.dumps(exported))

    def _asked(self, *arguments: str, stdin: str | None = None) -> str:
        try:
            answer = subprocess.run(
                ["pulumi", *arguments, "--non-interactive", "--color", "never"],
                cwd=self._folder,
                input=stdin,
                capture_output=True,
                text=True,
                check=False,
            )
        except FileNotFoundError:
            raise TeardownError("pulumi is not on PATH, so nothing is known about stacks and their states") from None
        if answer.returncode:
            raise TeardownError(f"pulumi {' '.join(arguments[:2])}: {answer.stderr.strip().removeprefix('error: ')}")
        return answer.stdout


def project(folder: Path) -> str:
    """Returns the name in a folder's Pulumi.yaml.

    Raises:
        TeardownError: there is none.
    """
    try:
        return str(yaml.safe_load((folder / "Pulumi.yaml").read_text())["name"])
    except (OSError, KeyError, TypeError, yaml.YAMLError):
        raise TeardownError(f"{folder} holds no Pulumi.yaml with a name; run this in the project's folder") from None


def plain_name(stack: str, project: str) -> str:
    """Returns a stack's name, which may be given as Pulumi Cloud shows it: `organisation/project/stack`.

    Raises:
        TeardownError: it names a stack of another project.
    """
    *before, name = stack.split("/")
    if len(before) == 2 and before[1] != project:
        raise TeardownError(f"{stack} is a stack of project {before[1]}, and this folder's Pulumi.yaml is of {project}")
    if len(before) > 2 or not name:
        raise TeardownError(f'"{stack}" is not a stack name; allowed: STACK, or ORGANISATION/{project}/STACK')
    return name
