"""`exoscale-sks init`: what it writes into a project, what it leaves alone, and what it refuses."""

import os
import stat
import subprocess
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from components.cli import main
from components.plugin_script import FILE, plugin_script
from tests.unit.conftest import PROJECT

PYTHON = "name: shop # ours\nruntime:\n  name: python\n  options: {virtualenv: venv}\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "Pulumi.yaml").write_text(PYTHON)
    return tmp_path


def init() -> Result:
    return CliRunner().invoke(main, ["init"])


def everything(folder: Path) -> dict[str, str]:
    return {str(file.relative_to(folder)): file.read_text() for file in folder.rglob("*") if file.is_file()}


def test_it_writes_the_script_names_the_provider_and_keeps_kubeconfigs_out_of_git(project: Path) -> None:
    assert init().exit_code == 0
    written = everything(project)

    assert written.keys() == {"Pulumi.yaml", FILE, ".gitignore"}
    assert written["Pulumi.yaml"].startswith(PYTHON)
    (provider,) = yaml.safe_load(written["Pulumi.yaml"])["plugins"]["providers"]
    assert (project / provider["path"] / f"pulumi-resource-{provider['name']}").samefile(project / FILE)
    assert (project / FILE).stat().st_mode & stat.S_IXUSR
    assert written[".gitignore"] == ".kube/\n"


def test_running_it_again_changes_nothing(project: Path) -> None:
    (project / ".gitignore").write_text("*.pyc")
    init()
    before = everything(project)

    assert init().exit_code == 0
    assert everything(project) == before
    assert before[".gitignore"] == "*.pyc\n.kube/\n"


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        (None, "error: there is no Pulumi.yaml in "),
        ("name: [", "error: Pulumi.yaml is not YAML: "),
        ("name: shop\nruntime: nodejs\n", "error: the runtime in Pulumi.yaml is not python. Next: "),
        ("", "error: the runtime in Pulumi.yaml is not python. Next: "),
    ],
)
def test_a_project_that_it_cannot_prepare_is_one_line_and_stays_as_it_was(
    project: Path, settings: str | None, line: str
) -> None:
    (project / "Pulumi.yaml").unlink()
    if settings is not None:
        (project / "Pulumi.yaml").write_text(settings)
    before, answer = everything(project), init()

    assert answer.exit_code == 1
    assert answer.output.startswith(line)
    assert len(answer.output.splitlines()) == 1
    assert everything(project) == before


def test_somebody_elses_file_is_not_overwritten(project: Path) -> None:
    (project / "plugin").mkdir()
    (project / FILE).write_text("mine")

    assert "is not ours. Next: " in init().output
    assert (project / FILE).read_text() == "mine"


def test_plugins_of_ones_own_are_left_alone_and_the_lines_to_add_are_said(project: Path) -> None:
    settings = PYTHON + "plugins:\n  providers: [{name: mine, path: ./mine}]\n"
    (project / "Pulumi.yaml").write_text(settings)
    answer = init()

    assert answer.exit_code == 1
    assert "    - name: exoscale-teardown" in answer.output
    assert (project / "Pulumi.yaml").read_text() == settings


@pytest.mark.parametrize("virtualenv", ["venv", "{absolute}/venv", None])
def test_the_script_runs_the_projects_own_python_from_any_folder(tmp_path: Path, virtualenv: str | None) -> None:
    project = tmp_path / "a project"
    script = project / FILE
    script.parent.mkdir(parents=True)
    said = virtualenv and virtualenv.format(absolute=tmp_path)
    script.write_text(plugin_script("exoscale_sks", said))
    python = project / said / "bin" / "python" if said else tmp_path / "bin" / "python3"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\necho "$@"\n')
    python.chmod(0o755)
    path = f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}"

    done = subprocess.run(["sh", script, "127.0.0.1:1"], cwd="/", env={"PATH": path}, capture_output=True, check=True)
    assert done.stdout == b"-m exoscale_sks.provider 127.0.0.1:1\n"


def test_this_checkouts_own_script_is_what_it_would_write() -> None:
    assert (PROJECT / FILE).read_text() == plugin_script("components", ".venv", in_a_checkout=True)
