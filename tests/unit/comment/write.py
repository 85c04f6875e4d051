"""`python -m tests.unit.comment.write`: writes the golden files; look at each before you commit it."""

from pathlib import Path
from tempfile import TemporaryDirectory

from tests.unit.comment.cases import CASES, GOLDEN, comment

if __name__ == "__main__":
    for name, files in CASES.items():
        with TemporaryDirectory() as folder:
            (GOLDEN / f"{name}.md").write_text(comment(Path(folder), files))
