"""Runs the real helm, with secrets only in private files, and reports failures in the words of its library."""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Event

from sandbox.plugins.kubernetes.settings import Settings
from tools import path_of

_LONGEST_SECONDS = 600  # of one command of helm
_POLL_SECONDS = 0.2  # how soon a cancellation reaches helm
# In the real plugin Helm is a library, so a kill ends both and leaves the release pending.
_DIES_WITH_US = ("setpriv", "--pdeathsig", "KILL") if shutil.which("setpriv") else ()
_ERROR = re.compile(r"^Error: (?:INSTALLATION FAILED: |UPGRADE FAILED: )?", re.MULTILINE)
# What would steer helm to another cluster than the provider's.
_STEERING = {"KUBECONFIG", "HELM_NAMESPACE", "HELM_DEBUG", "HELM_DRIVER"}


class HelmError(Exception):
    """helm failed; the text is its own, without the command line's additions."""


class Helm:
    """One private folder and the commands run in it; use `session`.

    Attributes:
        folder: private (0700), for values and charts; gone when the session ends.
        directory: the project's folder, where relative chart paths start.
    """

    def __init__(self, folder: Path, settings: Settings) -> None:
        self.folder = folder
        self.directory = settings.surroundings.directory.absolute()
        self._binary = path_of("helm")
        file = self.write("kubeconfig", _kubeconfig(settings))
        helm = settings.helm
        environment = settings.surroundings.environment
        self._environment = {
            **{name: value for name, value in environment.items() if not _steers(name)},
            "KUBECONFIG": str(file),
            "HELM_DRIVER": helm.driver,
            "HELM_CACHE_HOME": str(folder / "cache"),
        }
        for name, value in (
            ("HELM_PLUGINS", helm.plugins),
            ("HELM_REGISTRY_CONFIG", helm.registry_config),
            ("HELM_REPOSITORY_CONFIG", helm.repository_config),
            ("HELM_REPOSITORY_CACHE", helm.repository_cache),
        ):
            if value:
                self._environment[name] = value

    def write(self, name: str, text: str) -> Path:
        """Writes a file in the private folder that only this user can read."""
        path = self.folder / name
        with open(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as file:
            file.write(text)
        return path

    def with_users_repositories(self) -> None:
        """Gives helm the index files of the repositories that the user added (`helm repo add`)."""
        self._environment.pop("HELM_CACHE_HOME", None)

    def with_private_registry(self) -> None:
        """Keeps logins of this session out of the user's files."""
        self._environment["HELM_REGISTRY_CONFIG"] = str(self.folder / "registry.json")
        self._environment["HELM_REPOSITORY_CONFIG"] = str(self.folder / "repositories.yaml")

    def run(self, *arguments: str, stdin: str = "", cancelled: Event | None = None) -> str:
        """Runs helm and returns what it printed.

        Args:
            cancelled: interrupts it; helm then records the release as failed.

        Raises:
            HelmError: it failed.
        """
        process = subprocess.Popen(
            [*_DIES_WITH_US, self._binary, *arguments],
            cwd=self.directory,
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,  # a Ctrl-C at the terminal is the engine's to pass on
        )
        try:
            output, errors = _finish(process, stdin, cancelled)
        except BaseException:
            process.kill()
            process.wait()
            raise
        if process.returncode != 0:
            found = _ERROR.search(errors)
            raise HelmError((errors[found.end() :] if found else errors).strip())
        return output


@contextmanager
def session(settings: Settings) -> Iterator[Helm]:
    """A helm with its private folder, for one call of the plugin."""
    with tempfile.TemporaryDirectory(prefix="helm-") as folder:
        yield Helm(Path(folder), settings)


def _kubeconfig(settings: Settings) -> str:
    """Makes an empty one if there is none: helm must not fall back to the user's."""
    if settings.kubeconfig is None:
        return ""
    if settings.cluster is None:
        return settings.kubeconfig.text()
    return replace(settings.kubeconfig, user=settings.cluster.user(_LONGEST_SECONDS)).text()


def _finish(process: subprocess.Popen[str], stdin: str, cancelled: Event | None) -> tuple[str, str]:
    sent = stdin
    interrupted = False
    while True:
        try:
            return process.communicate(sent, timeout=_POLL_SECONDS if cancelled and not interrupted else None)
        except subprocess.TimeoutExpired:
            if cancelled and cancelled.is_set():
                process.terminate()
                interrupted = True


def _steers(name: str) -> bool:
    return name in _STEERING or name.startswith("HELM_KUBE")
