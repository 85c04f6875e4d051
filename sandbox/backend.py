"""Pulumi's backend in the sandbox's folder, away from whatever backend the user is logged in to."""

import secrets
from pathlib import Path

from sandbox.files import write_private


class Backend:
    """The backend for a sandbox's stacks of any program.

    Args:
        home: the sandbox's folder.
        folder: the backend's folder, if it is not the usual one.
    """

    def __init__(self, home: Path, folder: Path | None = None) -> None:
        self._home = home
        self.folder = folder or home / "pulumi"

    def variables(self) -> dict[str, str]:
        """Variables that make `pulumi` use this backend and nothing of the user's other ones; see `prepare`."""
        return {
            # Without `skip` the backend writes a file of attributes beside the state, but not atomically: an engine
            # killed meanwhile leaves it empty, and every later command fails with "failed to load checkpoint: EOF".
            "PULUMI_BACKEND_URL": f"file://{self.folder}?metadata=skip",
            # Plain files, whatever the user has configured elsewhere, so that anybody can read them.
            "PULUMI_DIY_BACKEND_GZIP": "false",
            "PULUMI_DIY_BACKEND_ZSTD": "false",
            "PULUMI_DIY_BACKEND_LEGACY_LAYOUT": "false",
            "PULUMI_HOME": str(self._home / "pulumi-home"),
            "PULUMI_CONFIG_PASSPHRASE_FILE": str(self._passphrase),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
        }

    def prepare(self) -> None:
        """Creates the files and folders that the variables name, if they are missing."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if not self._passphrase.exists():
            write_private(self._passphrase, secrets.token_hex(16))

    @property
    def _passphrase(self) -> Path:
        return self._home / "passphrase"
