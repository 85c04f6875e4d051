"""Pulumi's backend in the sandbox's folder, away from whatever backend the user is logged in to."""

import secrets
from pathlib import Path

from sandbox.files import write_private


class Backend:
    """The place of a sandbox's stacks, whatever program they are of.

    Args:
        home: the sandbox's folder.
        folder: the backend's own, where it is another than usual.
    """

    def __init__(self, home: Path, folder: Path | None = None) -> None:
        self._home = home
        self.folder = folder or home / "pulumi"

    def variables(self) -> dict[str, str]:
        """Variables that make a `pulumi` use this backend and none of its user's; see `prepare`."""
        return {
            # Without `skip` the backend writes a file of attributes beside the state, not in one step: an engine killed
            # meanwhile leaves it empty, and every later command ends with "failed to load checkpoint: EOF".
            "PULUMI_BACKEND_URL": f"file://{self.folder}?metadata=skip",
            # Plain files, whatever the user has for those elsewhere: whoever wants to can read them.
            "PULUMI_DIY_BACKEND_GZIP": "false",
            "PULUMI_DIY_BACKEND_ZSTD": "false",
            "PULUMI_DIY_BACKEND_LEGACY_LAYOUT": "false",
            "PULUMI_HOME": str(self._home / "pulumi-home"),
            "PULUMI_CONFIG_PASSPHRASE_FILE": str(self._passphrase),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
        }

    def prepare(self) -> None:
        """Makes what the variables name, where it is missing."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if not self._passphrase.exists():
            write_private(self._passphrase, secrets.token_hex(16))

    @property
    def _passphrase(self) -> Path:
        return self._home / "passphrase"
