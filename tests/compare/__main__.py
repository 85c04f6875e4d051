"""`python -m tests.compare`: runs the real clients that PATH has, prints one table, and writes it down."""

import sys
import tempfile
from datetime import date
from pathlib import Path

import click

from sandbox.sandbox import Sandbox
from tests.compare import plugins, record
from tests.compare.clients import CLIENTS, Client
from tests.compare.record import Row
from tests.compare.watch import watched


def compared(client: Client) -> Row:
    """Runs one client from an empty cloud, and says what went wrong."""
    version = client.told_version()
    with tempfile.TemporaryDirectory() as home, watched() as asked, Sandbox(Path(home) / "sandbox") as sandbox:
        work = Path(home) / "work"
        work.mkdir()
        passed = failed = 0
        for step in client.run(work, sandbox.environment()):
            click.echo(f"{client.name} {' '.join(step.command)}: {'passed' if step.passed else 'FAILED'}", err=True)
            passed += step.passed
            failed += not step.passed
            if not step.passed:
                click.echo(f"  {step.said}", err=True)
        for bug, times in asked.bugs.items():
            click.echo(f"  the sandbox broke in {bug}, {times} times", err=True)
    return Row(str(date.today()), client.name, version, asked.calls, passed, failed, " ".join(sorted(asked.missing)))


@click.command()
@click.option("--page", is_flag=True, help="Run nothing: write docs/fidelity.md from the record.")
@click.option("--check", is_flag=True, help="End with status 1 at a difference that is not on record; write nothing.")
def main(page: bool, check: bool) -> None:
    """Compare the sandbox with what real clients of Exoscale expect. Each that is not on PATH is left out."""
    rows = []
    if not page:
        for client in CLIENTS:
            if client.is_here:
                rows.append(compared(client))
            else:
                click.echo(f"{client.name}: not on PATH, left out", err=True)
        if missing := plugins.missing():
            click.echo(f"the real plugins: {', '.join(missing)} not found, left out", err=True)
        else:
            rows.append(plugins.compared())
    known = {row.client: row for row in record.read()}
    new = [line for row in rows for line in record.worse(known, row)]
    for line in new:
        click.echo(f"new: {line}", err=True)
    if check:
        sys.exit(1 if new else 0)
    if rows:
        record.write(rows)
    record.PAGE.write_text(record.page(record.read()))
    click.echo(f"written: {record.PAGE}")


if __name__ == "__main__":
    main()
