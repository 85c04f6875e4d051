"""The name under which a person calls our command line."""

COMMAND = "exoscale-sks" if __name__.startswith("exoscale_sks.") else "./exoscale-sks"
"""Installed, it is on PATH; in a checkout it is a script."""
