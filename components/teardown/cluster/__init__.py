"""Work on a cluster through its own API server."""
