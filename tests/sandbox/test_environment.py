"""The variables for unmodified clients, read back by a real shell."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.environment import FOREIGN, exports, forget, variables, without_credentials, write_ca_bundle
from sandbox.proxy import Authority

REAL = {"EXOSCALE_KEY": "EXOreal", "CLOUDSTACK_SECRET": "real", "EXOSCALE_API_KEY": "EXOreal", "ALL_PROXY": "http://x"}


@pytest.fixture
def values(tmp_path: Path) -> dict[str, str]:
    return variables("http://127.0.0.1:1", "http://127.0.0.1:2", "EXOfake", "it's $HOME", tmp_path / "ca bundle.pem")


def shell(script: str) -> dict[str, str]:
    """The environment of a shell that had somebody's real credentials and then ran the script."""
    show = "import json, os; print(json.dumps(dict(os.environ)))"
    done = subprocess.run(
        ["sh", "-euc", f"{script}\n'{sys.executable}' -c '{show}'"],
        env={"PATH": "/usr/bin:/bin", **REAL},
        capture_output=True,
        text=True,
        check=True,
    )
    result: dict[str, str] = json.loads(done.stdout)
    return result


def test_eval_sets_every_variable_whatever_its_value_holds(values: dict[str, str]) -> None:
    after = shell(exports(values))
    assert {name: after[name] for name in values} == values


def test_eval_forgets_the_other_names_of_real_credentials(values: dict[str, str]) -> None:
    after = shell(exports(values))
    assert not set(FOREIGN) & set(after)
    assert "real" not in "".join(after.values())


def test_unset_takes_every_variable_back(values: dict[str, str]) -> None:
    after = shell(f"{exports(values)}\n{forget(values)}")
    assert not set(values) & set(after)


def test_both_kinds_of_clients_are_pointed_at_the_sandbox(values: dict[str, str]) -> None:
    assert values["EXOSCALE_API_ENDPOINT"] == "http://127.0.0.1:1/v2"
    assert values["HTTPS_PROXY"] == values["https_proxy"] == "http://127.0.0.1:2"
    assert "127.0.0.1" in values["NO_PROXY"].split(",")
    assert values["NO_PROXY"] == values["no_proxy"]
    assert values["SSL_CERT_FILE"] == values["REQUESTS_CA_BUNDLE"]


def test_the_sandboxs_own_processes_inherit_no_credential_and_no_proxy() -> None:
    cleaned = without_credentials(
        {**REAL, "HTTPS_PROXY": "http://x", "no_proxy": "a", "HOME": "/h", "SSL_CERT_FILE": "f"}
    )
    assert cleaned == {"HOME": "/h", "SSL_CERT_FILE": "f"}


def test_the_bundle_holds_our_authority_and_those_of_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = tmp_path / "machine.pem"
    machine.write_text("THE MACHINE'S\n")
    monkeypatch.setenv("SSL_CERT_FILE", str(machine))
    authority, bundle = Authority(tmp_path).certificate_file, tmp_path / "bundle.pem"
    write_ca_bundle(bundle, authority)
    assert bundle.read_text() == authority.read_text() + "THE MACHINE'S\n"
    # A sandbox may be started from a shell that uses the sandbox already.
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
    write_ca_bundle(bundle, authority)
    assert bundle.read_text() == authority.read_text() + "THE MACHINE'S\n"


def test_without_any_bundle_on_the_machine_the_one_of_certifi_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "missing.pem"))
    authority, bundle = Authority(tmp_path).certificate_file, tmp_path / "bundle.pem"
    write_ca_bundle(bundle, authority)
    assert bundle.read_text().count("BEGIN CERTIFICATE") > 50
