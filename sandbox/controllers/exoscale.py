"""The zone's API for the CCM and the CSI driver, with the error texts and waits of Exoscale's v3 client."""

from collections.abc import Callable
from typing import Any

import requests
from exoscale.api.exceptions import ExoscaleAPIException

from sandbox.client import OperationEnded, connect
from sandbox.controllers.gate import Gate
from sandbox.store import Document

ATTEMPTS = 5  # go-retryablehttp's default: a first try and 4 more
SENTINELS = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    409: "Conflict",
    412: "Precondition Failed",
    422: "Unprocessable Entity",
    501: "Not Implemented",
}


class ExoscaleError(Exception):
    """A call failed; the text is the v3 client's.

    Attributes:
        status: HTTP status; 0 if there was no answer.
        bare: the text of a client that reads only the status, as egoscale v3 since 3.1.38.
    """

    def __init__(self, message: str, status: int = 0, reason: str = "") -> None:
        super().__init__(f"{message}: {reason}" if reason else message)
        self.status = status
        self.bare = message


class Exoscale:
    """Makes calls and waits. `url`, `key`, `secret`, `zone`, `poll_seconds`, `backoff_seconds` are those of
    `sandbox.client.connect`.

    Args:
        gate: gate for every call.
    """

    def __init__(
        self, url: str, key: str, secret: str, zone: str, poll_seconds: float, backoff_seconds: float, gate: Gate
    ) -> None:
        self._zone = zone
        self._client = connect(url, key, secret, zone, poll_seconds=poll_seconds, backoff_seconds=backoff_seconds)
        for adapter in self._client.http_client.adapters.values():
            gate.guard(adapter.poolmanager)

    def close(self) -> None:
        """Closes the idle connections."""
        self._client.http_client.close()

    def switch_zone(self) -> None:
        """Makes the CCM's first call: a signed GET /zone, to find the zone's endpoint.

        Raises:
            ExoscaleError: the credentials are refused, or there is no such zone.
        """

        # The Python client never signs this one call.
        def signed() -> Document:
            answer = self._client.http_client.get(f"{self._client.endpoint}/zone")
            if not answer.ok:
                raise ExoscaleAPIException(answer.text, answer)
            zones: Document = answer.json()
            return zones

        try:
            zones = self._told("ListZones", signed)["zones"]
        except ExoscaleError as error:
            raise ExoscaleError(f"failed to switch client zone: {error}", error.status) from None
        if self._zone not in [zone["name"] for zone in zones]:
            raise ExoscaleError(f'failed to switch client zone: "{self._zone}" not found in ListZonesResponse', 404)

    def call(self, operation: str, /, **arguments: Any) -> Document:
        """Makes a call by its operation id, e.g. `get-instance`, that is answered at once.

        Raises:
            ExoscaleError: it was refused or not answered.
        """
        name = "".join(word.capitalize() for word in operation.split("-"))
        method = getattr(self._client, operation.replace("-", "_"))
        answer: Document = self._told(name, lambda: method(**arguments))
        return answer

    def change(self, operation: str, /, **arguments: Any) -> str:
        """Makes a call that starts an operation; waits for its end and returns the id in its reference.

        Raises:
            ExoscaleError: as for `call`, or the operation did not succeed.
        """
        pending = self.call(operation, **arguments)
        try:
            done = self._told("GetOperation", lambda: self._client.wait(pending["id"]))
        except OperationEnded as ended:
            raise ExoscaleError(_ended(ended.operation)) from None
        return str(done["reference"]["id"])

    def _told(self, name: str, call: Callable[[], Any]) -> Any:
        try:
            return call()
        except ExoscaleAPIException as error:
            raise _refusal(name, error) from None
        except requests.RequestException as error:
            raise ExoscaleError(f"{name}: http client do: {error}") from None


def _refusal(name: str, error: ExoscaleAPIException) -> ExoscaleError:
    response = error.response
    status = response.status_code
    if status == 429 or (status >= 500 and status != 501):  # retried to the end, so the body is lost
        method, url = str(response.request.method), response.request.url
        asked = f'{method.capitalize()} "{url}": {method} {url}'
        return ExoscaleError(f"{name}: http client do: {asked} giving up after {ATTEMPTS} attempt(s)", status)
    try:
        message = response.json()["message"]
    except (ValueError, KeyError, TypeError):
        message = response.text
    sentinel = SENTINELS.get(status, response.reason)
    return ExoscaleError(f"{name}: http response: {sentinel}", status, message)


def _ended(operation: Document) -> str:
    reference = operation.get("reference") or {}
    about = " ".join(str(reference.get(key, "")) for key in ("command", "id", "link"))
    reason, message = operation.get("reason", ""), operation.get("message", "")
    return (
        f'operation: "{operation["id"]}" {{{about}}}, state: {operation["state"]}, '
        f'reason: "{reason}", message: "{message}"'
    )
