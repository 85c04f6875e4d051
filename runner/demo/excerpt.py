"""Selects the lines of a run for the picture, by their form, with a mark where others were left out."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

LEFT_OUT = "⋮"
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_BOLD, _DIM, _PROMPT, _PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[1;32m", "\x1b[0m"


@dataclass(frozen=True)
class Command:
    """A line that is typed, and what is kept of what it prints.

    Args:
        line: for the shell.
        kept: patterns of whole lines without their colours. Each must occur, so that no part gets lost unnoticed.
    """

    line: str
    kept: tuple[str, ...]


class Missing(Exception):
    """A command did not print what the picture needs."""


SESSION = (
    Command(
        "make up STACK=demo",
        (
            r"Pulumi\.demo\.yaml is new, .*",
            r"ingress chart: .*",  # says where it is a stand-in
            r" \+ +exoscale:index:SksCluster \S+ created \(.*\)",
            r" \+ +exoscale:index:SksNodepool \S+ created \(.*\)",
            r" \+ +kubernetes:helm\.sh/v3:Release \S+ created \(.*\)",
            r" +\+ \d+ created",
            r"Duration: .*",
            r"Outputs",
            r"  ingress_ip: [\d.]+",
            r"  kubeconfig: '\[secret\]'",
            r"  monthly_cost: .*",
        ),
    ),
    Command("KUBECONFIG=.kube/demo.yaml kubectl get nodes", (r"NAME +STATUS .*", r"pool-\S+ +Ready .*")),
    Command(
        'make down STACK=demo; echo "exit status $?"',
        (
            r" - +exoscale-teardown:index:Drain \S+ deleted \(.*\) drained: .*",
            r" - +exoscale:index:SksNodepool \S+ deleted \(.*\)",
            r" - +exoscale:index:SksCluster \S+ deleted \(.*\)",
            r" +- \d+ deleted",
            r"Duration: .*",
            r"receipt: nothing that costs money is left .*",
            r"the cloud is empty .*",
            r"exit status 0",
        ),
    ),
)


def excerpt(command: Command, printed: str) -> list[str]:
    """The lines of the picture for one command, with their colours: the prompt, then what is kept.

    Args:
        printed: by the command, into a terminal.

    Raises:
        Missing: no line has one of the forms.
    """
    lines = printed.replace("\r\n", "\n").splitlines()
    for form in command.kept:
        if not any(_has(line, form) for line in lines):
            raise Missing(f"`{command.line}` printed no line of the form `{form}`")
    return [f"{_PROMPT}${_PLAIN} {_BOLD}{command.line}{_PLAIN}", *_kept(lines, command.kept)]


def anonymous(printed: str, folders: Mapping[str, str]) -> str:
    """The text without this machine's folders.

    Args:
        folders: what stands for each, by its path.
    """
    for folder in sorted(folders, key=len, reverse=True):  # one may be inside another
        printed = printed.replace(folder, folders[folder])
    return printed


def _kept(lines: list[str], forms: tuple[str, ...]) -> Iterator[str]:
    left_out = False
    for line in lines:
        if any(_has(line, form) for form in forms):
            if left_out:
                yield f"{_DIM}{LEFT_OUT}{_PLAIN}"
            yield line
            left_out = False
        elif line.strip():  # an empty line says nothing
            left_out = True
    if left_out:
        yield f"{_DIM}{LEFT_OUT}{_PLAIN}"


def _has(line: str, form: str) -> bool:
    return re.fullmatch(form, _COLOURS.sub("", line).rstrip()) is not None
