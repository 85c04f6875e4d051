"""A kubeconfig file that others may use too: adds and removes a stack's entries and changes nothing else."""

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .kubeconfig_entries import KubeconfigRefused, check, merged, without
from .teardown.cloud.stack_ref import StackRef

_PATIENCE_SECONDS = 10.0  # to wait for another program that writes the file; kubectl needs milliseconds
_POLL_SECONDS = 0.05


def save(file: Path, minted: str, stack: StackRef) -> None:
    """Writes the stack's entries into the file, which only its owner can read afterwards.

    Args:
        file: absolute path; the file and its folders are made if they are missing.
        minted: the kubeconfig as the cloud or k3d makes it.
        stack: the stack it belongs to.

    Raises:
        KubeconfigRefused: the file is not a kubeconfig, cannot be written, or has others' entries of the same name.
    """
    with _told(), _locked(file):
        _write(file, merged(_read(file), minted, stack))


def forget(file: Path, stack: StackRef) -> None:
    """Removes the stack's entries from the file, and deletes the file if it holds nothing else.

    Raises:
        KubeconfigRefused: as for `save`.
    """
    if not file.exists():
        return
    with _told(), _locked(file):
        if left := without(_read(file), stack):
            _write(file, left)
        else:
            file.resolve().unlink()


def obstacle(file: Path, stack: StackRef) -> str | None:
    """Returns why this file cannot take the stack's entries, as the end of a sentence about it; None if it can."""
    try:
        with _told():
            if file.exists() and not file.is_file():
                return "is not a file"
            check(_read(file), stack)
            folder = next(parent for parent in file.parents if parent.exists())
            return None if os.access(folder, os.W_OK) else f"cannot be written: {folder} is not writable"
    except KubeconfigRefused as refusal:
        return str(refusal)


@contextmanager
def _told() -> Iterator[None]:
    """Translates the operating system's errors into a KubeconfigRefused."""
    try:
        yield
    except (OSError, ValueError) as error:
        said = getattr(error, "strerror", None) or "its name or its text has characters that cannot be"
        raise KubeconfigRefused(f"cannot be used: {said}") from error


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""


def _write(file: Path, text: str) -> None:
    """Writes atomically: a reader sees either the old text or the new one. A link stays a link."""
    target = file.resolve()
    handle, draft = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:200]}.")  # mode 0600
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(draft, target)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    """Holds the lock file that kubectl and similar tools also use while they write."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock, end = Path(f"{file}.lock"), time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            os.close(os.open(lock, os.O_CREAT | os.O_EXCL, 0o600))
            break
        except FileExistsError:
            if time.monotonic() > end:
                raise KubeconfigRefused(
                    f"is being written by somebody: wait, or delete {lock} if nobody does"
                ) from None
            time.sleep(_POLL_SECONDS)
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)
