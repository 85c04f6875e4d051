"""The name of our command line."""

COMMAND = "exoscale-sks" if __name__.startswith("exoscale_sks.") else "./exoscale-sks"
"""On PATH if the package is installed; in a checkout, a script."""
