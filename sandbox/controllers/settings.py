"""Settings of a controller."""

from dataclasses import dataclass

from sandbox.controllers.cluster import Access


@dataclass(frozen=True)
class Settings:
    """Where one cluster's controller works, as whom, and how patiently. The defaults are the real ones' times.

    Args:
        access: the way to the cluster.
        url: root of the Exoscale API, e.g. `http://127.0.0.1:8080`.
        key, secret: of the controller's own API key; the API may refuse them later, and the controller lives on.
        zone: of the cluster.
        name: for the log, e.g. the cluster's id.
        poll_seconds: between two looks at an operation.
        backoff_seconds: before the first retry of a call that failed.
        pace: how much of all other real waiting times it waits: before it tries again what failed, between two looks at
            what nobody tells it of.
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
