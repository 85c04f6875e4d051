"""Entry point: the engine starts it with its own address as the last argument (see `plugin/`), and a kubeconfig for
programs runs it as `credential …`."""

import sys

if sys.argv[1:2] == ["credential"]:
    from ..cli import main

    main()
else:
    from .server import serve

    serve(sys.argv[-1])  # after the engine's options
