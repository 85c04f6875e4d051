"""Draws `docs/demo.svg`, the README's picture of a terminal, from a real run: `make demo`."""
