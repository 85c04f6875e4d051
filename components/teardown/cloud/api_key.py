"""The current API key: from the environment, or else from the stack's configuration."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field

from ..errors import TeardownError

# The first pair has the usual names; with the second, the provider stores no copy in the state (docs/credentials.md).
PAIRS = (("EXOSCALE_API_KEY", "EXOSCALE_API_SECRET"), ("EXOSCALE_KEY", "EXOSCALE_SECRET"))
CONFIG = ("exoscale:key", "exoscale:secret")


@dataclass(frozen=True)
class ApiKey:
    """An API key and where it was found; the secret is not in its text.

    Args:
        source: name of the variable or setting that holds the key.
    """

    key: str
    secret: str = field(repr=False)
    source: str


def api_key(stack: str | None = None, environment: Mapping[str, str] = os.environ) -> ApiKey:
    """Returns the API key to use. The environment overrides the stack's configuration, as in the provider.

    Args:
        stack: stack whose configuration to read; None reads none.

    Raises:
        TeardownError: there is no key, or only half of one.
    """
    for key, secret in PAIRS:
        given = [name for name in (key, secret) if environment.get(name)]
        if len(given) == 1:
            missing = secret if given == [key] else key
            raise TeardownError(f"{given[0]} is set and {missing} is not; set both")
        if given:
            return ApiKey(environment[key], environment[secret], key)
    if stack and (found := _configured(stack)):
        return found
    names = " or ".join(" and ".join(pair) for pair in PAIRS)
    raise TeardownError(f"the Exoscale API key is not set; set {names}")


def _configured(stack: str) -> ApiKey | None:
    """Reads the stack's configuration with the user's own `pulumi`, which can decrypt it."""
    if shutil.which("pulumi") is None:
        return None
    command = ["pulumi", "config", "--json", "--show-secrets", "--non-interactive", "--stack", stack]
    asked = subprocess.run(command, capture_output=True, text=True, check=False)
    if asked.returncode:
        return None
    key, secret = (json.loads(asked.stdout).get(name, {}).get("value") for name in CONFIG)
    return ApiKey(key, secret, CONFIG[0]) if key and secret else None
