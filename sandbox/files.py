"""Files that stay whole, whenever a command is killed and however full the disk is."""

import contextlib
import os
from pathlib import Path


def write_private(file: Path, text: str) -> None:
    """Writes a file that only its owner may read (0600), complete or not at all.

    Raises:
        OSError: as on a full disk; the file is what it was.
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
