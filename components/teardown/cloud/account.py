"""The Exoscale account in one zone, reached with today's API key through the official client."""

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
from exoscale.api.exceptions import ExoscaleAPIAuthException, ExoscaleAPIException
from exoscale.api.v2 import Client
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

from ..errors import OperationFailed, TeardownError
from ..wait import wait_until
from .api_key import CONFIG, ApiKey, api_key

Document = dict[str, Any]

GLOBAL_ZONE = "ch-gva-2"  # serves requests for what is the same in every zone, such as security groups
DEFAULT_ENDPOINT = "https://api-ch-gva-2.exoscale.com/v2"  # lists all zones
OPERATION_SECONDS = 600  # deleting a nodepool can take more than 5 minutes: terraform-provider-exoscale#219

_RETRIED = [429, *(status for status in range(500, 600) if status != 501)]
_CONNECT_AND_READ_SECONDS = (10, 60)
_FIRST_POLL_SECONDS, _LONGEST_POLL_SECONDS = 0.2, 3.0


class Account(Client):  # type: ignore[misc]
    """`exoscale.api.v2.Client` that retries temporary failures and turns errors into one line.

    Every call of the teardown is safe to repeat: it reads, deletes, labels, or gets credentials.

    Args:
        found: the API key.
        url: the endpoint of a zone, including `/v2`.
        backoff_seconds: wait before the first of four retries; it doubles each time.
    """

    def __init__(self, found: ApiKey, url: str, backoff_seconds: float = 0.5) -> None:
        super().__init__(found.key, found.secret, url=url)
        self.api_key = found
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
        """Returns the zones with their endpoints. The request is unsigned, as the official client's, but is retried
        too."""
        answer = self._unsigned.get(f"{self.endpoint}/zone")
        if not answer.ok:
            raise ExoscaleAPIException(f"error {answer.status_code}: {answer.text}", answer)
        zones: Document = answer.json()
        return zones

    @property
    def whom(self) -> str:
        """Says who answers at this endpoint: Exoscale, the sandbox, or another API."""
        host = urlsplit(self.endpoint)
        if host.hostname in ("127.0.0.1", "localhost", "::1"):
            return f"the sandbox at {host.netloc}"
        return "Exoscale" if (host.hostname or "").endswith(".exoscale.com") else f"the API at {host.netloc}"

    def organization(self) -> "Organization":
        """The organisation that the key belongs to.

        Raises:
            TeardownError: the key is refused, or the API cannot be reached.
        """
        said = self.call(self.get_organization)
        return Organization(str(said.get("id", "")), str(said.get("name", "")))

    def call(self, method: Callable[..., Document], **arguments: Any) -> Document:
        """Calls the API.

        Raises:
            NotFound: there is no such resource.
            TeardownError: any other refusal, or no answer, in one line.
        """
        try:
            return method(**arguments)
        except ExoscaleAPIException as error:
            raise _readable(error, self.api_key) from None
        except requests.RequestException as error:
            raise TeardownError(f"{self.endpoint} cannot be reached: {_cause(error)}") from None

    def finish(self, method: Callable[..., Document], seconds: float = OPERATION_SECONDS, **arguments: Any) -> Document:
        """Calls the API and waits until the returned operation has ended.

        Args:
            seconds: how long to wait for it.

        Raises:
            NotFound: there is no such resource; for a deletion, it is done.
            OperationFailed: the operation did not succeed, or not in time.
            TeardownError: see `call`.
        """
        operation = self.call(method, **arguments)
        pauses = _pauses()

        def poll(remaining: float) -> None:
            nonlocal operation
            time.sleep(min(next(pauses), remaining))
            operation = self.call(self.get_operation, id=operation["id"])

        if wait_until(lambda: operation["id"] if operation["state"] == "pending" else "", seconds, poll):
            raise OperationFailed(f"operation {operation['id']} is still pending after {seconds:.0f} s")
        if operation["state"] != "success":
            said = operation.get("message") or operation.get("reason") or operation["state"]
            raise OperationFailed(f"Exoscale did not do it: {said}")
        return operation


class NotFound(TeardownError):
    """The API says that there is no such resource. With a key of another organisation that proves nothing, so
    `accounts` compares the organisation first."""


class AnotherOrganization(TeardownError):
    """The key belongs to another organisation than the stack."""


@dataclass(frozen=True)
class Organization:
    """An Exoscale organisation: it owns API keys and pays the bill. An empty one is not known."""

    id: str = ""
    name: str = ""

    def __str__(self) -> str:
        return f"{self.name} ({self.id})" if self.name else self.id


def accounts(
    stack: str | None = None,
    zones: Iterable[str] = (),
    home: Organization | None = None,
    environment: Mapping[str, str] = os.environ,
) -> dict[str, Account]:
    """Returns the account in several zones, with the current key. Honours EXOSCALE_API_ENDPOINT, as the provider does.

    Args:
        stack: stack whose configuration may hold the key if the environment does not.
        zones: names of the zones; empty takes all zones.
        home: the stack's organisation; None or an empty one compares nothing.

    Raises:
        AnotherOrganization: the key belongs to another organisation.
        TeardownError: no key, no such zone, or no answer.
    """
    found = api_key(stack, environment)
    start = Account(found, environment.get("EXOSCALE_API_ENDPOINT") or DEFAULT_ENDPOINT)
    if home and home.id:
        refuse_another(start, home, stack or "the stack")
    endpoints = {row["name"]: row["api-endpoint"] for row in start.call(start.list_zones)["zones"]}
    for zone in zones:
        if zone not in endpoints:
            raise TeardownError(f'zone is "{zone}"; allowed: {", ".join(sorted(endpoints))}')
    return {zone: Account(found, endpoints[zone]) for zone in zones or sorted(endpoints)}


def connect(
    zone: str,
    stack: str | None = None,
    home: Organization | None = None,
    environment: Mapping[str, str] = os.environ,
) -> Account:
    """Returns the account in one zone; see `accounts`."""
    return accounts(stack, [zone], home, environment)[zone]


def refuse_another(account: Account, home: Organization, stack: str) -> None:
    """
    Raises:
        AnotherOrganization: the account's key belongs to another organisation than the stack.
        TeardownError: the API does not answer.
    """
    found = account.organization()
    if found.id != home.id:
        raise AnotherOrganization(
            f"stack {stack} lives in organisation {home}, and the API key {account.api_key.key} is of {found}: nothing "
            f"was read or changed. Next: set a key of {home.name or home.id}"
        )


def _pauses() -> Iterator[float]:
    seconds = _FIRST_POLL_SECONDS
    while True:
        yield seconds
        seconds = min(seconds * 1.5, _LONGEST_POLL_SECONDS)


class _Adapter(HTTPAdapter):
    """Sets a timeout on every request."""

    def send(self, *args: Any, **kwargs: Any) -> requests.Response:
        return super().send(*args, **{**kwargs, "timeout": kwargs.get("timeout") or _CONNECT_AND_READ_SECONDS})


def _readable(error: ExoscaleAPIException, used: ApiKey) -> TeardownError:
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
    """Returns the innermost reason: requests and urllib3 wrap a refused connection four times."""
    while error.__context__ is not None and not isinstance(error, ConnectionRefusedError):
        error = error.__context__
    return error
