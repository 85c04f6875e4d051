"""`exoscale-sks comment`."""

import re
from pathlib import Path

import click

from ..teardown.errors import TeardownError
from .read import read
from .render import Origin, render

_STACK = re.compile(r"[\w.-]{1,100}", re.ASCII)  # Pulumi's own rule
_COMMIT = re.compile(r"[0-9a-f]{7,64}")
_ADDRESS = re.compile(r"https://[\w./:~%-]+", re.ASCII)


@click.command(short_help="Write previews as a comment for a pull request.")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option("--commit", default="", help="The commit that was previewed.")
@click.option("--run", default="", metavar="URL", help="The run that made the previews.")
def comment(files: tuple[Path, ...], commit: str, run: str) -> None:
    """Print the Markdown of a comment about previews.

    FILES are what `pulumi preview --event-log FILE` or `pulumi preview --json` wrote, each called after its stack:
    dev.jsonl. What the command printed may be next to it, as dev.txt: it is shown where a preview failed before the
    engine began. Without FILES, the comment says that no stack is changed.
    """
    _allow("--commit", commit, _COMMIT, "7 to 64 hexadecimal digits")
    _allow("--run", run, _ADDRESS, "an https:// address")
    for file in files:
        _allow(f"the stack's name in {file}", file.stem, _STACK, "letters, digits and . _ -")
    plans = [read(file.stem, file) for file in files]
    printed = {file.stem: _printed(file.with_suffix(".txt")) for file in files}
    click.echo(render(plans, printed, Origin(commit, run)), nl=False)


def _allow(what: str, given: str, allowed: re.Pattern[str], words: str) -> None:
    if given and not allowed.fullmatch(given):
        raise TeardownError(f'{what} is "{given}"; allowed: {words}')


def _printed(file: Path) -> str:
    """The end of what the command printed; empty if that is not there."""
    if file.is_symlink() or not file.is_file():
        return ""
    with file.open("rb") as opened:
        opened.seek(max(0, file.stat().st_size - 2**16))
        return opened.read().decode(errors="replace")
