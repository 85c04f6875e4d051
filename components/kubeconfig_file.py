"""A kubeconfig file that others may use too: a stack's entries go in and come out, and nothing else of it changes."""

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .kubeconfig_entries import KubeconfigRefused, check, merged, without
from .teardown.cloud.stack_ref import StackRef

_PATIENCE_SECONDS = 10.0  # with another program that writes the file; kubectl needs milliseconds
_POLL_SECONDS = 0.05


def save(file: Path, minted: str, stack: StackRef) -> None:
    """Writes the stack's entries into the file, which only its owner can read afterwards.

    Args:
        file: absolute; it and its folders are made where they are missing.
        minted: the kubeconfig as the cloud or k3d makes it.
        stack: whose it is.

    Raises:
        KubeconfigRefused: the file is no kubeconfig, cannot be written, or has entries of that name of others.
    """
    with _told(), _locked(file):
        _write(file, merged(_read(file), minted, stack))


def forget(file: Path, stack: StackRef) -> None:
    """Takes the stack's entries out of the file, and deletes it when it has nothing else.

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
    """Why the stack's entries cannot be written into this file, as the end of a sentence about it; None: they can."""
    try:
        with _told():
            if file.exists() and not file.is_file():
                return "is no file"
            check(_read(file), stack)
            folder = next(parent for parent in file.parents if parent.exists())
            return None if os.access(folder, os.W_OK) else f"cannot be written: {folder} is not writable"
    except KubeconfigRefused as refusal:
        return str(refusal)


@contextmanager
def _told() -> Iterator[None]:
    """Puts the system's refusals into words of our own."""
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
    """In one step: a reader sees the old text or the new one. A link stays a link."""
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
    """Keeps out kubectl and what is built like it, and is kept out by them: they make this file, too, while they
    write."""
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
