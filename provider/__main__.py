"""`python -m provider ENGINE`, with the engine's address: what the engine starts."""

import sys

from provider.server import serve

serve(sys.argv[-1])  # after the engine's options
