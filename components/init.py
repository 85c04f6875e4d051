"""`exoscale-sks init`: prepares your own Pulumi project for the library."""

from pathlib import Path
from typing import Any

import click
import yaml

from .plugin_script import FILE, FOLDER, PROVIDER, plugin_script
from .teardown.errors import TeardownError

_PACKAGE = __name__.partition(".")[0]
_LINES = f"""\
plugins:
  providers:
    - name: {PROVIDER} # the steps of exoscale-sks that keep a destroy from leaving anything behind
      path: ./{FOLDER}
"""
_KUBECONFIGS = ".kube/"


@click.command(short_help="Prepare the Pulumi project in this folder.")
def init() -> None:
    """Prepare the Pulumi project in this folder: write the script through which Pulumi finds the exoscale-sks provider,
    register it in Pulumi.yaml, and have git ignore the kubeconfigs in .kube/. Safe to re-run; commit all three files.
    """
    project = Path("Pulumi.yaml")
    settings = _settings(project)
    script = Path(FILE)
    text = plugin_script(_PACKAGE, _virtualenv(settings), in_a_checkout=_PACKAGE != "exoscale_sks")
    if script.exists() and PROVIDER not in script.read_text():
        raise TeardownError(f"{script} is not ours. Next: move it away, then run the same command again")
    script.parent.mkdir(exist_ok=True)
    script.write_text(text)
    script.chmod(0o755)
    click.echo(f"wrote {script}")
    _ignore_kubeconfigs()
    if _names_it(settings):
        click.echo(f"{project} already lists the provider")
    elif "plugins" in settings:
        raise TeardownError(f"{project} has plugins of its own. Next: add these to them:\n{_LINES}")
    else:
        _append(project, _LINES)
        click.echo(f"added the provider to {project}. Next: commit the new files")


def _ignore_kubeconfigs() -> None:
    """They are administrators' credentials, and by default a Cluster writes one into the project's folder."""
    ignored = Path(".gitignore")
    lines = ignored.read_text().splitlines() if ignored.exists() else []
    if not {_KUBECONFIGS, _KUBECONFIGS.rstrip("/")} & {*lines}:
        _append(ignored, f"{_KUBECONFIGS}\n")
        click.echo(f"git ignores {_KUBECONFIGS}")


def _append(file: Path, text: str) -> None:
    before = file.read_text() if file.exists() else ""
    file.write_text(before + ("" if before.endswith("\n") or not before else "\n") + text)


def _settings(project: Path) -> dict[str, Any]:
    try:
        settings = yaml.safe_load(project.read_text())
    except FileNotFoundError:
        raise TeardownError(
            f"there is no {project} in {Path.cwd()}. Next: `pulumi new python`, or go to the project's folder"
        ) from None
    except yaml.YAMLError as error:
        raise TeardownError(f"{project} is not YAML: {str(error).splitlines()[0]}. Next: fix it") from error
    runtime = settings.get("runtime") if isinstance(settings, dict) else None
    if (runtime.get("name") if isinstance(runtime, dict) else runtime) != "python":
        raise TeardownError(f"the runtime in {project} is not python. Next: use exoscale-sks from a Python project")
    return dict(settings)


def _virtualenv(settings: dict[str, Any]) -> str | None:
    """The project's virtual environment, relative to its folder; None if it has none of its own."""
    runtime = settings["runtime"]
    options = (runtime.get("options") or {}) if isinstance(runtime, dict) else {}
    return options.get("virtualenv") or (".venv" if options.get("toolchain") == "uv" else None)


def _names_it(settings: dict[str, Any]) -> bool:
    providers = (settings.get("plugins") or {}).get("providers") or []
    return (PROVIDER, f"./{FOLDER}") in [(one.get("name"), one.get("path")) for one in providers]
