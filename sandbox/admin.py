"""Client of a running sandbox's admin API (`sandbox.api.admin`)."""

from typing import Any
from urllib.parse import quote

import requests

from sandbox.home import Record, SandboxError
from sandbox.store import DEFAULT_ORGANIZATION

_SECONDS = 120  # reviving an API server waits until it is ready


class Refused(SandboxError):
    """The sandbox refused; the message says why."""


class Admin:
    """One running sandbox. Every call raises Refused if the sandbox refuses or does not answer."""

    def __init__(self, record: Record) -> None:
        self._record = record

    def status(self) -> dict[str, Any]:
        """Returns the cloud's objects by kind, its organisations and keys, pending operations and faults."""
        return self._call("GET", "status")

    def addresses(self) -> list[dict[str, Any]]:
        """Returns the load balancers' addresses and the ports on 127.0.0.1 that stand for them, which are then open."""
        return list(self._call("GET", "addresses")["addresses"])

    def reset(self) -> dict[str, int]:
        """Empties the cloud, except for the default organisation and the user's key.

        Returns:
            The number of deleted objects of each kind.
        """
        deleted: dict[str, int] = self._call("POST", "reset")["deleted"]
        return deleted

    def arm(self, fault: dict[str, Any]) -> None:
        """Arms a fault, given as the fields of `sandbox.faults.Fault`."""
        self._call("POST", "faults", fault)

    def disarm(self) -> None:
        """Disarms all faults."""
        self._call("DELETE", "faults")

    def kill(self, cluster_id: str, part: str) -> None:
        """Kills a cluster's `ccm`, `csi` or `api-server`."""
        self._call("POST", f"clusters/{quote(cluster_id, safe='')}/kill/{part}")

    def revive(self, cluster_id: str, part: str) -> None:
        """Restarts it."""
        self._call("POST", f"clusters/{quote(cluster_id, safe='')}/revive/{part}")

    def new_key(self, name: str, organization: str = DEFAULT_ORGANIZATION) -> tuple[str, str]:
        """Returns key and secret of a new API key of this organisation, which is created if it is missing."""
        made = self._call("POST", "keys", {"name": name, "organization": organization})
        return made["key"], made["secret"]

    def expire_key(self, name: str) -> None:
        """Makes the API refuse this key from now on."""
        self._call("POST", f"keys/{quote(name, safe='')}/expire")

    def restore_key(self, name: str) -> None:
        """Makes the API accept this key again."""
        self._call("POST", f"keys/{quote(name, safe='')}/restore")

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        with requests.Session() as session:
            session.trust_env = False
            try:
                answer = session.request(
                    method,
                    f"{self._record.url}/_sandbox/{path}",
                    json=body,
                    headers={"X-Sandbox-Token": self._record.token},
                    timeout=_SECONDS,
                )
                content: dict[str, Any] = answer.json()
            except requests.RequestException as error:
                raise Refused(
                    f"the sandbox (pid {self._record.pid}) does not answer ({type(error).__name__}): "
                    "run `python -m sandbox stop`, then `start`"
                ) from None
        if not answer.ok:
            raise Refused(content["message"])
        return content
