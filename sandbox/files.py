"""Files that hold secrets."""

import os
from pathlib import Path


def write_private(file: Path, text: str) -> None:
    """Writes a file that only its owner may read (0600), complete or not at all."""
    draft = file.with_name(f".{file.name}.draft")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
        opened.write(text)
    draft.replace(file)
