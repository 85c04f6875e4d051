"""Reads and changes a cluster through its own API server."""
