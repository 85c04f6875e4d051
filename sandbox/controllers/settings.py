"""The settings of a controller."""

from dataclasses import dataclass

from sandbox.controllers.cluster import Access


@dataclass(frozen=True)
class Settings:
    """Addresses, credentials and waiting times of one cluster's controller. The default times are the real ones'.

    Args:
        access: access to the cluster.
        url: root of the Exoscale API, e.g. `http://127.0.0.1:8080`.
        key, secret: the controller's own API key; if the API refuses it later, the controller keeps running.
        zone: the cluster's zone.
        name: name in the log, e.g. the cluster's id.
        poll_seconds: interval between two polls of an operation.
        backoff_seconds: wait before the first retry of a failed call.
        pace: factor of all other real waiting times: before it retries a failure, and between two checks of
            something that reports no changes.
    """

    access: Access
    url: str
    key: str
    secret: str
    zone: str
    name: str
    poll_seconds: float = 3.0
    backoff_seconds: float = 1.0
    pace: float = 1.0
