"""A checkout for one run, as a fresh clone is."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from sandbox import daemon


@contextmanager
def checkout(of: Path) -> Iterator[Path]:
    """Another one by links, without a stack `demo`, kubeconfigs or a sandbox; one that is started there is stopped.

    Args:
        of: the folder of this checkout.
    """
    with TemporaryDirectory(prefix="demo-", ignore_cleanup_errors=True) as scratch:
        folder = Path(scratch).resolve()
        for entry in (*of.glob("[!.]*"), of / ".venv"):
            if entry.name != "Pulumi.demo.yaml":
                (folder / entry.name).symlink_to(entry)
        try:
            yield folder
        finally:
            daemon.stop(folder / ".sandbox")
