"""What the engine starts, with its address as the last argument (see `plugin/`); and what a kubeconfig for programs
runs, as `credential …`."""

import sys

if sys.argv[1:2] == ["credential"]:
    from ..cli import main

    main()
else:
    from .server import serve

    serve(sys.argv[-1])  # after the engine's options
