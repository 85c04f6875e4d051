"""What `pulumi new` makes of this repository."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from sandbox.backend import Backend
from sandbox.environment import entered
from tools import path_of

CHECKOUT = Path(__file__).parents[2]
PLUGIN = "plugin/pulumi-resource-exoscale-teardown"
FILES = (PLUGIN, "Pulumi.yaml", "Pulumi.dev.yaml", "Pulumi.sandbox.yaml", "__main__.py")


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """The files that the project file names, and a project file without its runtime: the engine then installs no
    packages, which is half a minute and a registry."""
    folder = tmp_path / "template"
    for name in FILES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(CHECKOUT / name, folder / name)
    settings = yaml.safe_load((folder / "Pulumi.yaml").read_text())
    del settings["runtime"]
    (folder / "Pulumi.yaml").write_text(yaml.safe_dump(settings, sort_keys=False))
    return folder


@pytest.mark.engine
def test_a_new_project_has_our_settings_our_provider_and_a_stack_with_the_answers(template: Path) -> None:
    backend = Backend(template.parent / "home")
    backend.prepare()
    path = f"{path_of('pulumi').parent}{os.pathsep}{os.environ['PATH']}"
    project = template.parent / "shop"
    project.mkdir()
    new = ["pulumi", "new", str(template), "--yes", "--name", "shop", "--stack", "alice", "--config", "zone=at-vie-1"]
    said = subprocess.run(
        new, cwd=project, env=entered(os.environ, {**backend.variables(), "PATH": path}), capture_output=True, text=True
    )
    assert said.returncode == 0, said.stdout + said.stderr

    ours = yaml.safe_load((template / "Pulumi.yaml").read_text())
    theirs = yaml.safe_load((project / "Pulumi.yaml").read_text())
    assert theirs["name"] == "shop"
    assert theirs["plugins"] == ours["plugins"]
    assert ours["config"].items() <= theirs["config"].items()
    assert "template" not in theirs
    assert yaml.safe_load((project / "Pulumi.alice.yaml").read_text())["config"] == {
        "shop:owner": "nobody",
        "shop:zone": "at-vie-1",
        "shop:level": "starter",
    }
    assert os.access(project / PLUGIN, os.X_OK)
    assert ours["template"]["quickstart"].rstrip() in said.stdout
