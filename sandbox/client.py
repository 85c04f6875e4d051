"""The official Exoscale client, pointed at the sandbox, with the retries of Exoscale's Go clients."""

import time
from typing import Any

import requests
from exoscale.api.exceptions import ExoscaleAPIException
from exoscale.api.v2 import Client
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

_RETRIES = 4  # the default in the provider, the CCM and exo (docs/exoscale.md, Errors and retries)
_RETRIED = [429, *(status for status in range(500, 600) if status != 501)]


class _Retries(Retry):
    """Waits before the first retry too, unlike urllib3."""

    def get_backoff_time(self) -> float:
        return float(min(self.backoff_max, self.backoff_factor * 2 ** (len(self.history) - 1)))


class SandboxClient(Client):  # type: ignore[misc]
    """`exoscale.api.v2.Client` whose `wait` polls at the caller's interval.

    Args:
        url: an endpoint, including `/v2`.
        poll_seconds: interval between two polls of an operation; the first comes after one interval, as in the
            real clients, where it is 3 s.
        backoff_seconds: wait before the first retry of a failed call; it doubles each time, up to 30 s.
    """

    def __init__(self, key: str, secret: str, url: str, poll_seconds: float, backoff_seconds: float) -> None:
        super().__init__(key, secret, url=url)
        self._poll_seconds = poll_seconds
        # POST is retried too: a lost reply to a create makes a second object, as with the real clients.
        retry = _Retries(
            total=_RETRIES,
            allowed_methods=None,
            status_forcelist=_RETRIED,
            backoff_factor=backoff_seconds,
            backoff_max=30,
            raise_on_status=False,
            respect_retry_after_header=True,
        )
        self._unsigned = requests.Session()
        for session in (self.http_client, self._unsigned):
            session.mount("http://", HTTPAdapter(max_retries=retry))
            session.trust_env = False  # the sandbox's own parts never use a proxy

    def list_zones(self) -> dict[str, Any]:
        """Sends an unsigned request, as the official client does; but that would use the environment's proxy here."""
        answer = self._unsigned.get(f"{self.endpoint}/zone")
        if not answer.ok:
            raise ExoscaleAPIException(f"error {answer.status_code}: {answer.text}", answer)
        zones: dict[str, Any] = answer.json()
        return zones

    def wait(self, operation_id: str, max_wait_time: float | None = None) -> dict[str, Any]:
        """Waits for an operation.

        Raises:
            OperationTimedOut: it is still pending after `max_wait_time` seconds.
            OperationEnded: it did not succeed.
        """
        deadline = None if max_wait_time is None else time.monotonic() + max_wait_time
        while deadline is None or time.monotonic() < deadline:
            time.sleep(self._poll_seconds)
            operation: dict[str, Any] = self.get_operation(id=operation_id)
            if operation["state"] == "success":
                return operation
            if operation["state"] != "pending":
                raise OperationEnded(operation)
        raise OperationTimedOut(f"operation {operation_id} is still pending")


class OperationTimedOut(Exception):
    """The operation did not end in time."""


class OperationEnded(Exception):
    """The operation ended as failure or timeout.

    Attributes:
        operation: the API's answer, with `state` and, usually, `reason` and `message`.
    """

    def __init__(self, operation: dict[str, Any]) -> None:
        super().__init__(f"{operation['state']}: {operation.get('reason')}: {operation.get('message')}")
        self.operation = operation


def connect(
    url: str, key: str, secret: str, zone: str, poll_seconds: float = 3.0, backoff_seconds: float = 1.0
) -> SandboxClient:
    """Makes a client of one zone of the sandbox.

    Args:
        url: root of the API, e.g. `http://127.0.0.1:8080`.
    """
    return SandboxClient(key, secret, f"{url}/zone/{zone}/v2", poll_seconds, backoff_seconds)
