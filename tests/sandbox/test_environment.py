"""The variables for unmodified clients, and what their processes get of the user's own."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.environment import FOREIGN, entered, forget_foreign, variables, without_credentials, write_ca_bundle
from sandbox.proxy import Authority

PULUMIS = [f"PULUMI_{name}" for name in ("ACCESS_TOKEN", "BACKEND_URL", "CONFIG_PASSPHRASE", "CONFIG_PASSPHRASE_FILE")]
PULUMIS += [f"PULUMI_{name}" for name in ("HOME", "STACK", "OPTION_TARGET", "K8S_DELETE_UNREACHABLE", "NOT_YET_KNOWN")]
PULUMIS += ["KUBECONFIG", "HELM_DRIVER", "HELM_NAMESPACE", "HELM_KUBECONTEXT", "EXOSCALE_ZONE", "EXOSCALE_TIMEOUT"]
REAL = {"EXOSCALE_KEY": "EXOreal", "CLOUDSTACK_SECRET": "real", "EXOSCALE_API_KEY": "EXOreal", "ALL_PROXY": "http://x"}


@pytest.fixture
def values(tmp_path: Path) -> dict[str, str]:
    return variables("http://127.0.0.1:1", "http://127.0.0.1:2", "EXOfake", "it's $HOME", tmp_path / "ca bundle.pem")


def test_what_runs_on_the_sandbox_has_its_variables_and_none_that_would_win_over_them(values: dict[str, str]) -> None:
    inside = entered({**REAL, "HOME": "/h", "PULUMI_CONFIG_PASSPHRASE": "real"}, values)
    assert inside == {"HOME": "/h", **values}
    assert not set(FOREIGN) & set(inside)


@given(st.dictionaries(st.sampled_from(PULUMIS), st.text("ab")))
def test_no_variable_of_the_users_own_pulumi_helm_or_kubectl_reaches_the_sandboxs_stacks(own: dict[str, str]) -> None:
    kept = {"HOME": "/h", "EXOSCALE_SKS_CACHE": "/c", "HELM_REPOSITORY_CACHE": "/r"}
    assert entered({**own, **kept}, {"PULUMI_HOME": "ours"}) == {**kept, "PULUMI_HOME": "ours"}


def test_only_a_family_can_be_forgotten() -> None:
    environment = {"PULUMI_STACK": "theirs", "EXOSCALE_KEY": "EXOreal"}
    forget_foreign(environment, "PULUMI_")
    assert environment == {"EXOSCALE_KEY": "EXOreal"}


def test_both_kinds_of_clients_are_pointed_at_the_sandbox(values: dict[str, str]) -> None:
    assert values["EXOSCALE_API_ENDPOINT"] == "http://127.0.0.1:1/v2"
    assert values["HTTPS_PROXY"] == values["https_proxy"] == "http://127.0.0.1:2"
    assert "127.0.0.1" in values["NO_PROXY"].split(",")
    assert values["NO_PROXY"] == values["no_proxy"]
    assert values["SSL_CERT_FILE"] == values["REQUESTS_CA_BUNDLE"]


def test_the_sandboxs_own_processes_inherit_no_credential_and_no_proxy() -> None:
    cleaned = without_credentials(
        {**REAL, "HTTPS_PROXY": "http://x", "no_proxy": "a", "HOME": "/h", "EXOSCALE_SKS_CACHE": "/c"}
    )
    assert cleaned == {"HOME": "/h", "EXOSCALE_SKS_CACHE": "/c"}


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
