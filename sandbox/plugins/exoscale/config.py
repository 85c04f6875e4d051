"""The provider's own configuration: credentials, time limits, and the only API that it may use."""

import difflib
import ipaddress
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from sandbox.plugins.exoscale.clients import Clients
from sandbox.plugins.exoscale.errors import multierror
from sandbox.plugins.properties import Properties, Secret, plain
from sandbox.plugins.provider import CheckFailure, CheckResult, ProviderError
from sandbox.plugins.timing import Timing

_KEYS = ("key", "secret", "environment", "timeout", "sosEndpoint", "delay")
_ENGINE_KEYS = ("version", "pluginDownloadURL", "__internal", "__defaults")
_STORED = {"key": "EXOSCALE_API_KEY", "secret": "EXOSCALE_API_SECRET"}  # the bridge copies these into the state
_KEY_VARIABLES = ("EXOSCALE_KEY", "EXOSCALE_API_KEY", "CLOUDSTACK_KEY", "CLOUDSTACK_API_KEY")
_SECRET_VARIABLES = (
    "EXOSCALE_SECRET",
    "EXOSCALE_SECRET_KEY",
    "EXOSCALE_API_SECRET",
    "CLOUDSTACK_SECRET",
    "CLOUDSTACK_SECRET_KEY",
)
_WAIT_SECONDS = "3600"
_NO_CREDENTIALS = "client configuration error: missing or incomplete API credentials"


@dataclass(frozen=True)
class Account:
    """The configuration of one provider instance."""

    clients: Clients

    def until(self, seconds: float) -> Clients:
        """Returns the clients of one operation with that time limit."""
        return replace(self.clients, deadline=time.monotonic() + seconds)


def check(name: str, news: Properties, environment: Mapping[str, str]) -> CheckResult:
    """CheckConfig: refuses unknown keys and copies the usual pair of variables into the inputs, as secrets.

    Args:
        name: of the provider resource; a default provider's begins with `default`.
    """
    failures = [CheckFailure("", _unknown(name, key)) for key in news if key not in (*_KEYS, *_ENGINE_KEYS)]
    copied = {key: Secret(environment[v]) for key, v in _STORED.items() if key not in news and environment.get(v)}
    return CheckResult(news | copied, failures)


def account(args: Properties, environment: Mapping[str, str], timing: Timing) -> Account:
    """Configure: reads the credentials and the API. Sends nothing.

    Raises:
        ProviderError: a credential is missing, the time limit is no number, or the API is not on loopback.
    """
    values = plain(args)
    key = values.get("key") or _first(environment, _KEY_VARIABLES)
    secret = values.get("secret") or _first(environment, _SECRET_VARIABLES)
    if not key and not secret:
        raise ProviderError(multierror(_NO_CREDENTIALS, f"{_NO_CREDENTIALS}: "))
    if not key or not secret:
        # The real plugin shows the one that it was given, and so do we.
        raise ProviderError(f'key ("{key}") and secret ("{secret}") must be set')
    timeout = str(values.get("timeout") or environment.get("EXOSCALE_TIMEOUT") or _WAIT_SECONDS)
    try:
        wait_seconds = float(timeout)
    except ValueError:
        raise ProviderError(f'strconv.ParseFloat: parsing "{timeout}": invalid syntax') from None
    clients = Clients(_endpoint(environment), key, secret, timing, wait_seconds, deadline=0)
    return Account(clients)


def _endpoint(environment: Mapping[str, str]) -> str:
    """Enforces our only own rule: a stand-in never uses the real cloud, whatever the environment says."""
    url = environment.get("EXOSCALE_API_ENDPOINT", "")
    if not _is_loopback(urlsplit(url).hostname or ""):
        raise ProviderError(
            "the sandbox's exoscale plugin talks to the sandbox only: "
            f'EXOSCALE_API_ENDPOINT must be a loopback URL, not "{url}"'
        )
    return url.rstrip("/")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _first(environment: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((environment[name] for name in names if environment.get(name)), "")


def _unknown(provider: str, key: str) -> str:
    if not provider.startswith("default"):
        return (
            f"could not validate provider configuration: Invalid or unknown key. Examine values at '{provider}.{key}'."
        )
    close = difflib.get_close_matches(key, _KEYS, n=1)
    hint = f" Did you mean `exoscale:{close[0]}`?" if close else ""
    return (
        f"could not validate provider configuration: `exoscale:{key}` is not a valid configuration key for the "
        f"exoscale provider.{hint} If the referenced key is not intended for the provider, please choose a different "
        "namespace from `exoscale:`."
    )
