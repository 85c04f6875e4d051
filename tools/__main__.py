"""`python -m tools` installs every pinned tool but k9s, `python -m tools helm pulumi` only these."""

import sys

import click

from tools.build import BuildFailed
from tools.download import ChecksumMismatch
from tools.install import Unavailable, install, path_of
from tools.pins import TOOLS


@click.command(help=__doc__)
@click.argument("names", nargs=-1, type=click.Choice([tool.name for tool in TOOLS]))
@click.option("--path", metavar="BINARY", help="Print where this installed binary is, and do nothing else.")
def main(names: tuple[str, ...], path: str | None) -> None:
    if path:
        try:
            print(path_of(path))
        except (Unavailable, LookupError) as error:
            sys.exit(str(error))
        return
    wanted = [tool for tool in TOOLS if (tool.name in names if names else tool.target == "tools")]
    for number, tool in enumerate(wanted, 1):
        label = f"[{number}/{len(wanted)}] {tool.name} {tool.version}"

        def say(line: str, label: str = label) -> None:
            print(f"{label}: {line}", flush=True)

        try:
            install(tool, say)
        except (Unavailable, BuildFailed, ChecksumMismatch) as error:
            sys.exit(f"{label}: {error}")
        except PermissionError as error:
            sys.exit(f"{label}: {error}: set EXOSCALE_SKS_CACHE to a folder of yours")


main()
