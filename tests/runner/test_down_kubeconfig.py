"""What `down` does to the kubeconfig that the program wrote."""

from pathlib import Path

import pytest

from components.kubeconfig_file import save
from components.teardown.cloud.stack_ref import StackRef
from runner import project
from runner.stack_commands import forget_kubeconfig
from sandbox.clusters.kubeconfig import kubeconfig

STACK, OTHER = StackRef("shop", "dev"), StackRef("shop", "prod")
MINTED = kubeconfig("https://127.0.0.1:6443", "authority", "cluster", "user", ("certificate", "key"))


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(project, "FOLDER", tmp_path)
    return tmp_path / ".kube" / "dev.yaml"


def test_a_file_of_the_stack_alone_goes(file: Path) -> None:
    save(file, MINTED, STACK)
    forget_kubeconfig(STACK)

    assert not file.exists()


def test_what_others_have_in_the_file_stays(file: Path) -> None:
    save(file, MINTED, OTHER)
    alone = file.read_text()
    save(file, MINTED, STACK)
    forget_kubeconfig(STACK)

    assert file.read_text() == alone


def test_what_is_no_kubeconfig_stays_and_is_told(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.parent.mkdir()
    file.write_text("replicas: 2\n")
    forget_kubeconfig(STACK)

    assert file.read_text() == "replicas: 2\n"
    assert capsys.readouterr().err == (
        f"the kubeconfig stays: {file} is not a kubeconfig: it has no kind, clusters, users or contexts\n"
    )
