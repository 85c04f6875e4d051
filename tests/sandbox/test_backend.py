"""The sandbox's Pulumi backend."""

from pathlib import Path

from sandbox.backend import Backend


def test_a_passphrase_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    backend = Backend(tmp_path)
    backend.prepare()
    file = Path(backend.variables()["PULUMI_CONFIG_PASSPHRASE_FILE"])
    first = file.read_text()
    backend.prepare()
    assert file.read_text() == first
    assert file.stat().st_mode & 0o777 == 0o600
