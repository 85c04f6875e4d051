"""The Exoscale account in one zone, reached with today's API key through the official client."""

import os
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import requests
from exoscale.api.exceptions import ExoscaleAPIAuthException, ExoscaleAPIException
from exoscale.api.v2 import Client
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

from teardown.credentials import CONFIG, Credentials, credentials
from teardown.errors import OperationFailed, TeardownError

Document = dict[str, Any]

GLOBAL_ZONE = "ch-gva-2"  # asked for what is the same in every zone, such as security groups (facts §2)
DEFAULT_ENDPOINT = "https://api-ch-gva-2.exoscale.com/v2"  # where every zone can be looked up (facts §2)
OPERATION_SECONDS = 600  # nodepools were seen to take more than 5 minutes to go (facts §6)

_RETRIED = [429, *(status for status in range(500, 600) if status != 501)]
_CONNECT_AND_READ_SECONDS = (10, 60)
_FIRST_POLL_SECONDS, _LONGEST_POLL_SECONDS = 0.2, 3.0


class Account(Client):  # type: ignore[misc]
    """`exoscale.api.v2.Client` that repeats what failed in passing, and reads failures as one line.

    All that the teardown asks for may be asked twice: it reads, deletes, labels and mints.

    Args:
        found: the API key.
        url: the endpoint of a zone, `/v2` included.
        backoff_seconds: before the first repetition of a failed call; it doubles each time, four times.
    """

    def __init__(self, found: Credentials, url: str, backoff_seconds: float = 0.5) -> None:
        super().__init__(found.key, found.secret, url=url)
        self.credentials = found
        self._unsigned = requests.Session()
        retry = Retry(
            total=4,
            allowed_methods=None,
            status_forcelist=_RETRIED,
            backoff_factor=backoff_seconds,
            raise_on_status=False,
            respect_retry_after_header=True,
        )
        for session in (self.http_client, self._unsigned):
            for scheme in ("http://", "https://"):
                session.mount(scheme, _Adapter(max_retries=retry))

    def list_zones(self) -> Document:
        """The zones with their endpoints. Unsigned, as the official client asks, but repeated like the rest."""
        answer = self._unsigned.get(f"{self.endpoint}/zone")
        if not answer.ok:
            raise ExoscaleAPIException(f"error {answer.status_code}: {answer.text}", answer)
        zones: Document = answer.json()
        return zones

    def check_key(self) -> None:
        """Asks something small that needs a good key.

        Raises:
            TeardownError: the key is refused, or the API cannot be reached.
        """
        self.call(self.list_sks_clusters)

    def call(self, method: Callable[..., Document], **arguments: Any) -> Document:
        """Calls the API.

        Raises:
            NotFound: it says that there is no such thing.
            TeardownError: any other refusal, or no answer, in one line.
        """
        try:
            return method(**arguments)
        except ExoscaleAPIException as error:
            raise _readable(error, self.credentials) from None
        except requests.RequestException as error:
            raise TeardownError(f"{self.endpoint} cannot be reached: {_cause(error)}") from None

    def finish(self, method: Callable[..., Document], seconds: float = OPERATION_SECONDS, **arguments: Any) -> Document:
        """Calls the API and waits until the operation that it answers with has ended.

        Args:
            seconds: how long to wait for it.

        Raises:
            NotFound: there is no such thing, so that a deletion is done.
            OperationFailed: it did not succeed, or not in time.
            TeardownError: see `call`.
        """
        operation = self.call(method, **arguments)
        deadline, pause = time.monotonic() + seconds, _FIRST_POLL_SECONDS
        while operation["state"] == "pending":
            if time.monotonic() > deadline:
                raise OperationFailed(f"operation {operation['id']} is still pending after {seconds:.0f} s")
            time.sleep(pause)
            pause = min(pause * 1.5, _LONGEST_POLL_SECONDS)
            operation = self.call(self.get_operation, id=operation["id"])
        if operation["state"] != "success":
            said = operation.get("message") or operation.get("reason") or operation["state"]
            raise OperationFailed(f"Exoscale did not do it: {said}")
        return operation


class NotFound(TeardownError):
    """The API says that there is no such thing."""


def accounts(
    stack: str | None = None, zones: Iterable[str] = (), environment: Mapping[str, str] = os.environ
) -> dict[str, Account]:
    """The account in several zones, with today's key. Honours EXOSCALE_API_ENDPOINT, as the provider does.

    Args:
        stack: whose configuration may hold the key, where the environment does not.
        zones: which; empty takes every zone that there is.

    Raises:
        TeardownError: no key, no such zone, or no answer.
    """
    found = credentials(stack, environment)
    start = Account(found, environment.get("EXOSCALE_API_ENDPOINT") or DEFAULT_ENDPOINT)
    endpoints = {row["name"]: row["api-endpoint"] for row in start.call(start.list_zones)["zones"]}
    for zone in zones:
        if zone not in endpoints:
            raise TeardownError(f'zone is "{zone}"; allowed: {", ".join(sorted(endpoints))}')
    return {zone: Account(found, endpoints[zone]) for zone in zones or sorted(endpoints)}


def connect(zone: str, stack: str | None = None, environment: Mapping[str, str] = os.environ) -> Account:
    """The account in one zone; see `accounts`."""
    return accounts(stack, [zone], environment)[zone]


class _Adapter(HTTPAdapter):
    """Never waits for an answer for ever."""

    def send(self, *args: Any, **kwargs: Any) -> requests.Response:
        return super().send(*args, **{**kwargs, "timeout": kwargs.get("timeout") or _CONNECT_AND_READ_SECONDS})


def _readable(error: ExoscaleAPIException, used: Credentials) -> TeardownError:
    response = error.response
    status = None if response is None else response.status_code
    if status == 404:
        return NotFound(_message(response))
    if isinstance(error, ExoscaleAPIAuthException) and "forbidden" not in _message(response).lower():
        where = f"pulumi config set --secret {CONFIG[0]}" if used.source == CONFIG[0] else f"set {used.source}"
        return TeardownError(f"Exoscale refuses the API key {used.key}: {_message(response)}; {where} and its secret")
    return TeardownError(f"Exoscale answers {status}: {_message(response)}" if status else str(error))


def _message(response: requests.Response | None) -> str:
    try:
        return str(response.json()["message"]) if response is not None else ""
    except (ValueError, KeyError, TypeError):
        return response.text if response is not None else ""


def _cause(error: BaseException) -> BaseException:
    """The innermost reason: requests and urllib3 wrap a refused connection four times."""
    while error.__context__ is not None and not isinstance(error, ConnectionRefusedError):
        error = error.__context__
    return error
