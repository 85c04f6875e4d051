"""What Pulumi remembers of a stack, read and written through the user's own `pulumi`."""

import json
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import yaml

from teardown.account import Document
from teardown.errors import TeardownError

CLUSTER = "exoscale:index/sksCluster:SksCluster"
NODEPOOL = "exoscale:index/sksNodepool:SksNodepool"
KUBECONFIG = "exoscale:index/sksKubeconfig:SksKubeconfig"
BALANCER = "exoscale:index/nlb:Nlb"
COMMAND = "command:local:Command"

_EXOSCALE = "exoscale:index/"
_NO_SUCH_STACK = "no stack named"


class Backend(Protocol):
    """Where stacks and their states are kept."""

    def stacks(self) -> set[str]:
        """Names of the project's stacks."""

    def export(self, stack: str) -> Document | None:
        """The stack's state as `pulumi stack export` writes it; None where there is no such stack."""

    def restore(self, stack: str, exported: Document) -> None:
        """Replaces the stack's state, which is checked first.

        Raises:
            TeardownError: it is refused.
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
    """The name in a folder's Pulumi.yaml.

    Raises:
        TeardownError: there is none.
    """
    try:
        return str(yaml.safe_load((folder / "Pulumi.yaml").read_text())["name"])
    except (OSError, KeyError, TypeError, yaml.YAMLError):
        raise TeardownError(f"{folder} holds no Pulumi.yaml with a name; run this in the project's folder") from None


@dataclass(frozen=True)
class Recorded:
    """What a stack's state says about the cloud.

    Args:
        stack_id: the stack's own id; empty where the state holds none.
        owner: whom to ask, as the stack's labels say; empty where the state does not say.
        ids: of every Exoscale resource.
        clusters: zone by id, of the SKS clusters.
        pool_ids: the instance pools of its nodepools.
        balancer_ids: NLBs that are resources.
        drains: the options of each drain that a destroy would run.
    """

    stack_id: str = ""
    owner: str = ""
    ids: frozenset[str] = frozenset()
    clusters: tuple[tuple[str, str], ...] = ()
    pool_ids: frozenset[str] = frozenset()
    balancer_ids: frozenset[str] = frozenset()
    drains: tuple[dict[str, list[str]], ...] = ()


def resources(exported: Document) -> list[Document]:
    """The resources of an exported state."""
    found: list[Document] = (exported.get("deployment") or {}).get("resources") or []
    return found


def recorded(exported: Document | None) -> Recorded:
    """Reads an exported state; None, as of a stack that does not exist, holds nothing."""
    found = resources(exported or {})
    exoscale = [one for one in found if one["type"].startswith(_EXOSCALE) and one.get("id")]

    def of_type(kind: str) -> Iterator[Document]:
        return (one for one in exoscale if one["type"] == kind)

    marks = [text(one, "stdout") for one in found if calls(one, "create", "mark") is not None]
    drains = [options for one in found if (options := calls(one, "delete", "drain")) is not None]
    sweeps = [options for one in found if (options := calls(one, "delete", "sweep")) is not None]
    return Recorded(
        stack_id=next((mark for mark in marks if mark), ""),
        owner=next((name for options in (*sweeps, *drains) for name in options.get("owner", [])), ""),
        ids=frozenset(one["id"] for one in exoscale),
        clusters=tuple((one["id"], text(one, "zone")) for one in of_type(CLUSTER)),
        pool_ids=frozenset(filter(None, (text(one, "instancePoolId") for one in of_type(NODEPOOL)))),
        balancer_ids=frozenset(one["id"] for one in of_type(BALANCER)),
        drains=tuple(drains),
    )


def calls(resource: Document, step: str, verb: str) -> dict[str, list[str]] | None:
    """The options with which a resource calls `python -m teardown <verb>`; None where it does not.

    Args:
        step: when it would: `create` or `delete`.
    """
    if resource["type"] != COMMAND or not isinstance(text := (resource.get("inputs") or {}).get(step), str):
        return None
    words = shlex.split(text)
    if words[:3] != ["sh", "teardown/run.sh", verb]:
        return None
    options: dict[str, list[str]] = {}
    for word in words[3:]:
        if word.startswith("--"):
            values = options.setdefault(word.removeprefix("--"), [])
        else:
            values.append(word)
    return options


def text(resource: Document, key: str) -> str:
    """One of its outputs, or the input of that name; empty where it is neither, or a secret."""
    value: Any = (resource.get("outputs") or {}).get(key, (resource.get("inputs") or {}).get(key))
    return value if isinstance(value, str) else ""
