"""`python -m sandbox.stop`: ends what `make` started here, for `make clean`.

Any Python from 3.11 on does, also one without a single package: where the Python behind `.venv` is gone, what it
started still runs. So neither this module nor what it imports may import a package before it needs it.
"""

import sys

from sandbox.daemon import stop
from sandbox.home import SandboxError, default_home

if __name__ == "__main__":
    try:
        stop(default_home())
    except SandboxError as error:
        sys.exit(f"Error: {error}")
