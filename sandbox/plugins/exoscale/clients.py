"""Exoscale's two Go clients, with their waits and error texts, on top of the official Python one.

Which resource uses which client decides its error texts and its route to the API
(docs/exoscale.md, Clients and endpoints).
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import requests
from exoscale.api.exceptions import ExoscaleAPIException

from sandbox.client import SandboxClient, connect
from sandbox.plugins.exoscale.errors import CloudError, DeadlineExceeded, Gone
from sandbox.plugins.timing import Timing

Document = dict[str, Any]

ZONES = ("ch-gva-2", "ch-dk-2", "at-vie-1", "at-vie-2", "de-fra-1", "de-muc-1", "bg-sof-1", "hr-zag-1")
GLOBAL_ZONE = "ch-gva-2"  # where the provider asks for everything that has no zone

_ACRONYMS = {"dns", "sks"}  # words that Go writes in capitals
_FORGIVEN_POLLS = 4  # consecutive failures that the v3 client sits out while it waits
_SLOW_AFTER, _SLOWEST_AT, _SLOWEST = 10, 300, 20  # in polls: at 3 s each, 30 s, 15 min and once a minute


@dataclass(frozen=True)
class Clients:
    """The clients of one resource operation.

    Args:
        url: the API's endpoint, `/v2` included.
        wait_seconds: the provider's `timeout`; limits one wait of the v2 client.
        deadline: `time.monotonic()` after which everything fails.
    """

    url: str
    key: str
    secret: str = field(repr=False)
    timing: Timing
    wait_seconds: float
    deadline: float

    def v2(self, zone: str = GLOBAL_ZONE) -> "V2":
        """Returns the old client, which derives the host name from the zone.

        Raises:
            CloudError: there is no such host.
        """
        if zone not in ZONES:
            host = f"api-{zone}.exoscale.com"
            raise CloudError(f"dial tcp: lookup {host}: no such host")
        root = self.url.removesuffix("/v2")
        client = connect(root, self.key, self.secret, zone, self.timing.poll_seconds, self.timing.backoff_seconds)
        return V2(client, self.timing.poll_seconds, self.deadline, self.wait_seconds)

    def v3(self, zone: str) -> "V3":
        """Returns the new client, which asks the API for the zone's endpoint.

        Raises:
            CloudError: the API knows no such zone, or refuses the key.
        """
        start = self._v3_at(self.url)
        try:
            endpoint = start.endpoint_of(zone)
        except CloudError as error:
            raise type(error)(f"get zone api endpoint: {error}") from error
        return self._v3_at(endpoint)

    def _v3_at(self, endpoint: str) -> "V3":
        timing = self.timing
        client = SandboxClient(self.key, self.secret, endpoint, timing.poll_seconds, timing.backoff_seconds)
        return V3(client, timing.poll_seconds, self.deadline)


class V2:
    """egoscale v2: drops what the API says about a missing object or a failed operation."""

    def __init__(self, client: SandboxClient, poll_seconds: float, deadline: float, wait_seconds: float) -> None:
        self._client = client
        self._poll_seconds = poll_seconds
        self._deadline = deadline
        self._wait_seconds = wait_seconds

    def call(self, operation_id: str, **arguments: Any) -> Document:
        """Calls and returns the answer; operation ids are those of the OpenAPI document."""
        if time.monotonic() > self._deadline:
            raise DeadlineExceeded
        try:
            return _ask(self._client, operation_id, arguments)
        except _Refused as refused:
            if refused.status == HTTPStatus.NOT_FOUND:
                raise Gone("resource not found") from None
            kind = "invalid request" if refused.status < HTTPStatus.INTERNAL_SERVER_ERROR else "API error"
            raise CloudError(f"{kind}: {refused.message}") from None

    def run(self, operation_id: str, **arguments: Any) -> str:
        """Calls, waits and returns the referenced id; it polls even when the answer says success already."""
        operation = self.call(operation_id, **arguments)
        deadline = min(self._deadline, time.monotonic() + self._wait_seconds)
        while True:
            _pause(self._poll_seconds, deadline)
            operation = self.call("get-operation", id=operation["id"])
            if operation["state"] == "success":
                return _reference(operation)
            if operation["state"] == "failure":
                raise CloudError("job failed")
            if operation["state"] == "timeout":
                raise CloudError("job timed out")


class V3:
    """egoscale v3: names the operation, the status and the API's words."""

    def __init__(self, client: SandboxClient, poll_seconds: float, deadline: float) -> None:
        self._client = client
        self._poll_seconds = poll_seconds
        self._deadline = deadline

    def call(self, operation_id: str, **arguments: Any) -> Document:
        """Calls and returns the answer."""
        return self._worded(operation_id, lambda: _ask(self._client, operation_id, arguments))

    def run(self, operation_id: str, **arguments: Any) -> str:
        """Calls, waits and returns the referenced id."""
        return self.wait(self.call(operation_id, **arguments))

    def wait(self, operation: Document, done: Callable[[], bool] = lambda: False) -> str:
        """Waits for a started operation; takes one that is not pending for a success, whatever its state is.

        Args:
            done: asked after each poll that found it pending; true ends the wait as well.
        """
        polls = failures = 0
        while operation["state"] == "pending":
            _pause(self._poll_seconds * _interval(polls), self._deadline)
            polls += 1
            try:
                operation = self.call("get-operation", id=operation["id"])
                failures = 0
            except CloudError:
                failures += 1
                if failures > _FORGIVEN_POLLS:
                    raise
            if operation["state"] in ("failure", "timeout"):
                raise CloudError(_ended(operation))
            if operation["state"] == "pending" and done():
                break
        return _reference(operation)

    def endpoint_of(self, zone: str) -> str:
        """Asks the API for the zone's endpoint; signed, so that a wrong key fails here."""

        def ask() -> Document:
            return _decoded(self._client.http_client.get(f"{self._client.endpoint}/zone", timeout=60))

        for row in self._worded("list-zones", ask)["zones"]:
            if row["name"] == zone:
                return str(row["api-endpoint"])
        raise CloudError(f'find zone: "{zone}" not found in ListZonesResponse: Not Found')

    def _worded(self, operation_id: str, ask: Callable[[], Document]) -> Document:
        if time.monotonic() > self._deadline:
            raise DeadlineExceeded
        name = _go_name(operation_id)
        try:
            return ask()
        except _Refused as refused:
            status = HTTPStatus(refused.status)
            text = f"{name}: http response: {status.phrase}: {refused.message}"
            raise (Gone if status is HTTPStatus.NOT_FOUND else CloudError)(text) from None
        except CloudError as error:
            raise CloudError(f"{name}: http client do: {error}") from None


class _Refused(Exception):
    """An answer that is not 200."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


def _ask(client: SandboxClient, operation_id: str, arguments: dict[str, Any]) -> Document:
    """One call with the client's retries.

    Raises:
        _Refused: the API answered with an error.
        CloudError: no answer could be had; the last one's words are lost (docs/exoscale.md, Errors and retries).
    """
    method = getattr(client, operation_id.replace("-", "_"))
    try:
        answer: Document = method(**{key.replace("-", "_"): value for key, value in arguments.items()})
    except ExoscaleAPIException as error:
        return _decoded(error.response)
    except requests.RequestException as error:
        raise _gave_up(error.request) from error
    return answer


def _decoded(response: requests.Response) -> Document:
    if response.status_code == HTTPStatus.OK:
        answer: Document = response.json()
        return answer
    if response.status_code == HTTPStatus.TOO_MANY_REQUESTS or (
        response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR and response.status_code != HTTPStatus.NOT_IMPLEMENTED
    ):
        raise _gave_up(response.request)
    try:
        message = response.json()["message"]
    except (requests.JSONDecodeError, KeyError, TypeError):
        message = response.text
    raise _Refused(response.status_code, message)


def _gave_up(request: Any) -> CloudError:
    method, url = str(request.method), request.url
    return CloudError(f'{method.capitalize()} "{url}": {method} {url} giving up after 5 attempt(s)')


def _pause(seconds: float, deadline: float) -> None:
    remaining = deadline - time.monotonic()
    time.sleep(max(0, min(seconds, remaining)))
    if remaining <= seconds:
        raise DeadlineExceeded


def _interval(polls: int) -> float:
    """Pauses grow from one poll interval to twenty (3 s to 60 s) between 30 s and 15 min."""
    grown = 1 + (_SLOWEST - 1) * (polls - _SLOW_AFTER) / (_SLOWEST_AT - _SLOW_AFTER)
    return min(max(1.0, grown), _SLOWEST)


def _reference(operation: Document) -> str:
    reference = operation.get("reference") or {}
    return str(reference.get("id", ""))


def _ended(operation: Document) -> str:
    reference = operation.get("reference") or {}
    shown = " ".join(str(reference.get(key, "")) for key in ("command", "id", "link"))
    return (
        f'operation: "{operation["id"]}" {{{shown}}}, state: {operation["state"]}, '
        f'reason: "{operation.get("reason", "")}", message: "{operation.get("message", "")}"'
    )


def _go_name(operation_id: str) -> str:
    return "".join(word.upper() if word in _ACRONYMS else word.capitalize() for word in operation_id.split("-"))
