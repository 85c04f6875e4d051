"""Writes files atomically, so that neither a kill nor a full disk leaves half a file."""

import contextlib
import os
from pathlib import Path


def write_private(file: Path, text: str) -> None:
    """Writes a file that only its owner may read (0600), complete or not at all.

    Raises:
        OSError: for example on a full disk; the file is unchanged.
    """
    draft = file.with_name(f".{file.name}.draft")
    draft.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
            opened.write(text)
            opened.flush()
            os.fsync(opened.fileno())  # else a machine that loses power may keep the new name without the content
        draft.replace(file)
    except BaseException:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise
