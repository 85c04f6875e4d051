"""Credentials for an API server: certificates, tokens, or an exec plugin that makes them."""

import base64
import json
import logging
import subprocess
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sandbox.plugins.kubernetes.kubeconfig import Document, Kubeconfig
from sandbox.plugins.provider import Surroundings

EXEC_SECONDS = 120  # a credential plugin asks the cloud, whose operations take seconds

_log = logging.getLogger("sandbox.plugins.kubernetes")


class Unavailable(Exception):
    """There is no credential; the text is client-go's."""


@dataclass(frozen=True)
class Credential:
    """A bearer token or basic authentication as a header, or a client certificate, both PEM."""

    authorization: str = ""
    certificate: str = ""
    key: str = ""


class Credentials:
    """The credential of a kubeconfig's user; one from an exec plugin is kept until it expires or is refused.

    Args:
        surroundings: what the exec plugin runs with (docs/plugins.md, Kubernetes settings).
    """

    def __init__(self, kubeconfig: Kubeconfig, surroundings: Surroundings) -> None:
        self._user = kubeconfig.user
        self._cluster = kubeconfig.cluster
        self._surroundings = surroundings
        self._lock = threading.Lock()
        self._minted: Credential | None = None
        self._expires: datetime | None = None

    def current(self) -> Credential:
        """The credential to use now.

        Raises:
            Unavailable: the exec plugin failed, or a file cannot be read.
        """
        if "exec" in self._user:
            with self._lock:
                if self._minted is None or (self._expires and self._expires <= datetime.now(UTC)):
                    self._minted = self._mint(self._user["exec"])
                return self._minted
        user = self._user
        try:
            certificate = pem(user, "client-certificate")
            key = pem(user, "client-key")
            token = Path(user["tokenFile"]).read_text().strip() if user.get("tokenFile") else user.get("token", "")
        except OSError as error:
            raise Unavailable(f"unable to read {error.filename}: {error.strerror}") from error
        if token:
            return Credential(f"Bearer {token}", certificate, key)
        if user.get("username"):
            pair = base64.b64encode(f"{user['username']}:{user.get('password', '')}".encode()).decode()
            return Credential(f"Basic {pair}", certificate, key)
        return Credential("", certificate, key)

    def entry(self, seconds: float) -> Document:
        """The user's entry for a helm that runs so long, with the minted credential in place of the exec plugin.

        The real plugin holds helm's library, and client-go mints once for both; our helm is a process each time. The
        exec plugin stays where it fails, for helm to say so, or where what it mints ends earlier.
        """
        if "exec" not in self._user:
            return self._user
        try:
            for attempt in (self.current, self._anew):
                credential = attempt()
                if self._expires is None or self._expires > datetime.now(UTC) + timedelta(seconds=seconds):
                    return _entry(credential)
        except Unavailable:
            pass
        return self._user

    def refused(self) -> bool:
        """Discards a credential that the API server refused; returns True if a new one can be made."""
        with self._lock:
            renewable = self._minted is not None
            self._minted = None
        return renewable

    def _anew(self) -> Credential:
        self.refused()
        return self.current()

    def _mint(self, plugin: Document) -> Credential:
        command = [plugin["command"], *(plugin.get("args") or [])]
        added = {entry["name"]: entry["value"] for entry in plugin.get("env") or []}
        asked: Document = {"interactive": False}
        if plugin.get("provideClusterInfo"):
            asked["cluster"] = self._cluster
        version = plugin.get("apiVersion", "")
        info = {"apiVersion": version, "kind": "ExecCredential", "spec": asked}
        try:
            done = subprocess.run(
                command,
                env={**self._surroundings.environment, **added, "KUBERNETES_EXEC_INFO": json.dumps(info)},
                cwd=self._surroundings.directory,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=EXEC_SECONDS,
                check=False,
            )
        except FileNotFoundError as error:
            hint = f"\n\n{plugin['installHint']}" if plugin.get("installHint") else ""
            raise Unavailable(f"getting credentials: exec: executable {command[0]} not found{hint}") from error
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Unavailable(f"getting credentials: exec: {error}") from error
        if done.stderr:
            _log.warning("credential plugin %s: %s", command[0], done.stderr.strip())
        if done.returncode != 0:
            raise Unavailable(
                f"getting credentials: exec: executable {command[0]} failed with exit code {done.returncode}"
            )
        return self._parse(done.stdout, version)

    def _parse(self, text: str, version: str) -> Credential:
        try:
            answer = json.loads(text)
            status = answer["status"]
        except (ValueError, KeyError, TypeError) as error:
            raise Unavailable(f"getting credentials: decoding stdout: {type(error).__name__}") from error
        if answer.get("apiVersion") != version:
            raise Unavailable(
                "getting credentials: exec plugin is configured to use API version "
                f"{version}, plugin returned version {answer.get('apiVersion')}"
            )
        expires = status.get("expirationTimestamp")
        self._expires = datetime.fromisoformat(expires) if expires else None
        token = status.get("token", "")
        return Credential(
            f"Bearer {token}" if token else "",
            status.get("clientCertificateData", ""),
            status.get("clientKeyData", ""),
        )


def _entry(credential: Credential) -> Document:
    texts = {"client-certificate-data": credential.certificate, "client-key-data": credential.key}
    entry = {key: base64.b64encode(text.encode()).decode() for key, text in texts.items() if text}
    token = credential.authorization.removeprefix("Bearer ")
    return entry | ({"token": token} if token else {})


def pem(entry: Document, key: str) -> str:
    """Returns the PEM text of a kubeconfig entry, inline (`<key>-data`, base64) or in a file; empty if there is none.

    Raises:
        OSError: the file cannot be read.
    """
    if entry.get(f"{key}-data"):
        return base64.b64decode(entry[f"{key}-data"]).decode()
    return Path(entry[key]).read_text() if entry.get(key) else ""
