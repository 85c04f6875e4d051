"""Finds charts on disk or in a repository, and reads them before an install (docs/plugins.md, Helm releases)."""

import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from sandbox.plugins.kubernetes.helm import Helm, HelmError
from sandbox.plugins.properties import Properties

_ALIAS = "release"  # the name under which a repository with a password is known to one session


@dataclass(frozen=True)
class Chart:
    """A chart on this machine.

    Attributes:
        path: a folder or an archive.
        metadata: its Chart.yaml.
    """

    path: Path
    metadata: dict[str, Any]

    @property
    def version(self) -> str:
        """Its exact version."""
        return str(self.metadata["version"])


def load(helm: Helm, release: Properties) -> Chart:
    """Returns the chart of a release, with its dependencies checked or updated.

    Args:
        release: the resource's inputs, without secrets and unknowns.

    Raises:
        HelmError: it cannot be found, reached or read, or dependencies are missing.
    """
    path = _locate(helm, release)
    chart = Chart(path, yaml.safe_load(helm.run("show", "chart", str(path))))
    missing = _missing_dependencies(chart)
    if missing and release.get("dependencyUpdate"):
        helm.run("dependency", "update", str(path), *_keyring(release))
        return Chart(path, yaml.safe_load(helm.run("show", "chart", str(path))))
    if missing:
        raise HelmError(f"found in Chart.yaml, but missing in charts/ directory: {', '.join(missing)}")
    return chart


def _locate(helm: Helm, release: Properties) -> Path:
    options = release.get("repositoryOpts") or {}
    repository = options.get("repo") or ""
    name: str = release["chart"].strip()
    is_url = bool(urlsplit(repository).scheme) and "://" in repository
    if name.startswith("oci://"):
        return _pull(helm, release, name, options, "")
    if is_url:
        return _pull(helm, release, name, options, repository)
    if repository and "/" not in name:
        name = f"{repository}/{name}"
    local = helm.directory / name
    if local.is_file() or (local / "Chart.yaml").is_file():
        if release.get("verify"):
            helm.run("verify", str(local), *_keyring(release))
        return local
    if name.startswith((".", "/")):
        raise HelmError(f'path "{name}" not found')
    helm.with_users_repositories()
    return _pull(helm, release, name, options, "")


def _pull(helm: Helm, release: Properties, name: str, options: Properties, repository: str) -> Path:
    """Downloads the chart; its exact version is chosen by the repository's index."""
    version = (release.get("version") or "").strip() or (">0.0.0-0" if release.get("devel") else "")
    into = helm.folder / "chart"
    into.mkdir(exist_ok=True)
    arguments = ["--destination", str(into), *(["--version", version] if version else [])]
    if release.get("verify"):
        arguments += ["--verify", *_keyring(release)]
    files = _files(options)
    if not options.get("password"):
        helm.run("pull", name, *arguments, *files, *(["--repo", repository] if repository else []))
    elif repository:
        # A password must not be on a command line: the repository is added to this session instead.
        helm.with_private_registry()
        login = ["--username", options.get("username", ""), "--password-stdin"]
        helm.run("repo", "add", _ALIAS, repository, *login, *files, stdin=options["password"])
        try:
            helm.run("pull", f"{_ALIAS}/{name}", *arguments)
        except HelmError as error:
            raise HelmError(_without_alias(str(error), name, version, repository)) from error
    else:
        helm.with_private_registry()
        host = urlsplit(name).netloc
        login = ["--username", options.get("username", ""), "--password-stdin"]
        helm.run("registry", "login", host, *login, *files, stdin=options["password"])
        helm.run("pull", name, *arguments, *files)
    return next(iter(into.glob("*.tgz")))


def _without_alias(message: str, name: str, version: str, repository: str) -> str:
    if "not found in" not in message:
        return message
    wanted = f' version "{version}"' if version else ""
    return f'chart "{name}"{wanted} not found in {repository} repository'


def _files(options: Properties) -> list[str]:
    pairs = (("--ca-file", "caFile"), ("--cert-file", "certFile"), ("--key-file", "keyFile"))
    return [part for flag, key in pairs if options.get(key) for part in (flag, options[key])]


def _keyring(release: Properties) -> list[str]:
    return ["--keyring", release["keyring"]] if release.get("keyring") else []


def _missing_dependencies(chart: Chart) -> list[str]:
    wanted = [dependency["name"] for dependency in chart.metadata.get("dependencies") or []]
    if not wanted:
        return []
    present = _archived(chart.path) if chart.path.is_file() else _unpacked(chart.path / "charts")
    return [name for name in wanted if name not in present]


def _unpacked(folder: Path) -> set[str]:
    names = set()
    for entry in folder.iterdir() if folder.is_dir() else ():
        if entry.suffix == ".tgz":
            with tarfile.open(entry) as archive:
                names |= {member.split("/")[0] for member in archive.getnames()}
        elif (entry / "Chart.yaml").is_file():
            names.add(str(yaml.safe_load((entry / "Chart.yaml").read_text())["name"]))
    return names


def _archived(path: Path) -> set[str]:
    """Returns the names of the subcharts in a chart's archive: folders, or archives named `<name>-<version>.tgz`."""
    with tarfile.open(path) as archive:
        parts = [member.split("/") for member in archive.getnames()]
    inside = {part[2] for part in parts if len(part) > 2 and part[1] == "charts"}
    return {name.removesuffix(".tgz").rpartition("-")[0] if name.endswith(".tgz") else name for name in inside}
