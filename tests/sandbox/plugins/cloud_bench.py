"""Clusters on paper with real certificates, and a log of the calls that reach the API."""

import json
import re
from pathlib import Path
from typing import Any

from sandbox.clusters.authorities import Authorities
from sandbox.clusters.kubeconfig import kubeconfig
from sandbox.store import Document


class CertifiedControlPlanes:
    """Control planes without an API server, whose authorities and kubeconfigs are real."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.broken = False

    def _authorities(self, cluster_id: str) -> Authorities:
        if self.broken:
            raise RuntimeError("no authority")
        return Authorities(self._folder / cluster_id)

    def create(self, cluster: Document) -> None:
        self._authorities(cluster["id"]).create(cluster["id"], "127.0.0.1")

    def authority(self, cluster_id: str, name: str) -> str:
        return self._authorities(cluster_id).certificate(name)

    def kubeconfig(self, cluster_id: str, user: str, groups: list[str], ttl_seconds: int) -> str:
        authorities = self._authorities(cluster_id)
        pair = authorities.client(user, groups, ttl_seconds)
        return kubeconfig("https://127.0.0.1", authorities.certificate("control-plane"), "c", user, pair)

    def delete(self, cluster_id: str) -> None: ...
    def sync(self, cluster_id: str) -> None: ...
    def kill(self, cluster_id: str, part: str) -> None: ...
    def revive(self, cluster_id: str, part: str) -> None: ...


class Calls:
    """The calls that reached the API, in order: `POST /load-balancer`."""

    def __init__(self) -> None:
        self._seen: list[str] = []
        self.bodies: list[dict[str, Any]] = []

    def add(self, method: str, path: str, body: bytes | str | None) -> None:
        self.bodies += [json.loads(body)] if body else []
        path = re.sub(r"^(/zone/[a-z0-9-]+)?/v2", "", path)
        self._seen.append(f"{method} {re.sub('[0-9a-f]{8}-[0-9a-f-]{27}', '*', path)}")

    def take(self) -> list[str]:
        """What came since the last time; polls are one `P`."""
        seen, self._seen = self._seen, []
        short: list[str] = []
        for call in seen:
            name = "P" if call == "GET /operation/*" else "Z" if call == "GET /zone" else call
            if not (name == "P" and short[-1:] == ["P"]):
                short.append(name)
        return short
