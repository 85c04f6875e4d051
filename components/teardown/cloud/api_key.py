"""Today's API key: from the environment, or from the stack's configuration where the environment has none."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field

from ..errors import TeardownError

# The first two are the usual names; with the others the provider keeps no copy in the state (docs/credentials.md).
PAIRS = (("EXOSCALE_API_KEY", "EXOSCALE_API_SECRET"), ("EXOSCALE_KEY", "EXOSCALE_SECRET"))
CONFIG = ("exoscale:key", "exoscale:secret")


@dataclass(frozen=True)
class ApiKey:
    """An API key and where it was found; the secret is not in its text.

    Args:
        source: the name of the variable or setting that gave the key.
    """

    key: str
    secret: str = field(repr=False)
    source: str


def api_key(stack: str | None = None, environment: Mapping[str, str] = os.environ) -> ApiKey:
    """The API key to use now. The environment wins over the stack's configuration, as with the provider.

    Args:
        stack: whose configuration to look into; None looks into none.

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
    """Reads `pulumi config` with the user's own Pulumi, which knows how to decrypt it."""
    if shutil.which("pulumi") is None:
        return None
    command = ["pulumi", "config", "--json", "--show-secrets", "--non-interactive", "--stack", stack]
    asked = subprocess.run(command, capture_output=True, text=True, check=False)
    if asked.returncode:
        return None
    key, secret = (json.loads(asked.stdout).get(name, {}).get("value") for name in CONFIG)
    return ApiKey(key, secret, CONFIG[0]) if key and secret else None
