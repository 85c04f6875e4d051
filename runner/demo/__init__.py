"""Draws the README's pictures of a terminal from real runs: `make demo`, `make k9s`."""
