"""`python -m sandbox.stop`: ends the processes that `make` started here and deletes their data, for `make clean`.

It works with any Python from 3.11 on, without any packages: if the Python behind `.venv` is gone, the processes that
it started still run. So neither this module nor its imports may import a package before it is needed.
"""

import shutil
import sys
from pathlib import Path

from sandbox.daemon import stop
from sandbox.home import SandboxError, default_home, home_of

if __name__ == "__main__":
    try:
        stop(default_home())
    except SandboxError as error:
        sys.exit(f"Error: {error}")
    own = home_of(Path(__file__).parents[1])
    if default_home() == own.resolve():  # a folder named by the user is left to the user
        shutil.rmtree(own, ignore_errors=True)
