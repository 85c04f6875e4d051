"""Checks that an Exoscale API key is set."""

import os

import pulumi

# Where key and secret may be: the stack's configuration, or two pairs of variables (docs/credentials.md).
CREDENTIALS = (
    ("exoscale:key", "exoscale:secret"),
    ("EXOSCALE_API_KEY", "EXOSCALE_API_SECRET"),
    ("EXOSCALE_KEY", "EXOSCALE_SECRET"),
)


def api_key_problems() -> list[str]:
    """Checks for a key and its secret: the plugin would print a key without one (docs/plugins.md, Exoscale
    settings)."""
    config = pulumi.Config("exoscale")
    there = {f"exoscale:{name}": bool(config.get(name)) for name in ("key", "secret")}
    there |= {name: bool(os.environ.get(name)) for pair in CREDENTIALS[1:] for name in pair}
    halves = [
        f"{missing} is not set; allowed: a key and its secret, and {given} is set"
        for pair in CREDENTIALS
        for given, missing in (pair, pair[::-1])
        if there[given] and not there[missing]
    ]
    if not any(there.values()):
        names = " or ".join(f"{key} and {secret}" for key, secret in CREDENTIALS[1:])
        return [f"the Exoscale API key is not set; allowed: {names} in the environment"]
    return halves
