"""`Pulumi.yaml` declares what `configuration/` reads, and the stack files say only what exists."""

import re
from dataclasses import MISSING, fields
from typing import Any

import pytest
import yaml

from configuration.reading import Table
from configuration.settings import load
from tests.unit.conftest import NAME, PROJECT, PROJECT_FILE, configure

DECLARED: dict[str, dict[str, Any]] = PROJECT_FILE["config"]
CHARTS = tuple(
    f"{holder}.{key}" for holder in ("ingress", "cert-manager") for key in ("chart", "repository", "version")
)
FOLLOWED = tuple(f"gitops.{key}" for key in ("repository", "chart", "chart-repository", "version"))
DEPENDING = ("dns.domain", "kubeconfig.file", "ingress.nodepool", "ingress.gateway-api-crds", *CHARTS, *FOLLOWED)
STACK_FILES = sorted(PROJECT.glob("Pulumi.*.yaml"))


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The keys that loading the settings asks for, with the defaults that it gives them."""
    keys: dict[str, Any] = {}
    take, arguments = Table.take, Table.arguments

    def taken(table: Table, key: str, default: Any = None) -> Any:
        keys[table.full(key)] = default
        return take(table, key, default)

    def of_class(table: Table, kind: type[Any], **called: str) -> dict[str, Any]:
        made = arguments(table, kind, **called)
        for field in fields(kind):
            key = called.get(field.name) or ("" if called else field.name.replace("_", "-"))
            if key:
                keys[table.full(key)] = None if field.default is MISSING else field.default
        return made

    monkeypatch.setattr(Table, "take", taken)
    monkeypatch.setattr(Table, "arguments", of_class)
    configure({"nodepools": {"web": {}}})
    load()
    return keys


def test_every_declared_key_is_read_and_every_key_that_is_read_is_declared(asked: dict[str, Any]) -> None:
    top = {key.removeprefix(f"{NAME}:") for key in asked if "." not in key}

    assert top == DECLARED.keys()


def test_no_default_is_written_twice(asked: dict[str, Any]) -> None:
    scalars = {key for key, declared in DECLARED.items() if declared["type"] in ("string", "boolean")}

    assert {key: asked[f"{NAME}:{key}"] for key in scalars} == dict.fromkeys(scalars)
    assert all(
        declared["default"] in ({}, {"default": {}}) for declared in DECLARED.values() if declared["type"] == "object"
    )


def test_every_key_inside_an_object_is_in_its_description_with_its_default(asked: dict[str, Any]) -> None:
    inner = {path.removeprefix(f"{NAME}:"): default for path, default in asked.items() if "." in path}
    inner.pop("nodepools.web", None)
    for path, default in inner.items():
        holder, key = path.split(".")[0], path.split(".")[-1]
        description = DECLARED[holder]["description"]
        assert re.search(rf"\b{key}\b", description), f"{path} is not described"
        if isinstance(default, bool | int) or (isinstance(default, str) and path not in DEPENDING):
            shown = str(default).lower() if isinstance(default, bool) else str(default)
            assert re.search(rf"\b{key} \({re.escape(shown)}(?!\w)", description), (
                f"{path} is described with another default"
            )


def test_every_setting_has_a_row_in_the_table_of_changes(asked: dict[str, Any]) -> None:
    paths = {path.removeprefix(f"{NAME}:").replace(".web", ".<name>") for path in asked}
    holders = {path.rpartition(".")[0] for path in paths} - {"nodepools.<name>"}
    rows = re.findall(r"^\| (`.+?`) \|", (PROJECT / "docs" / "changes.md").read_text(), re.MULTILINE)
    listed = {name for row in rows for name in re.findall(r"`([^`]+)`", row)}

    assert listed == paths - holders


def test_every_key_has_type_description_and_default() -> None:
    assert all({"type", "description", "default"} <= declared.keys() for declared in DECLARED.values())


def test_the_project_runs_in_its_own_venv_and_believes_no_key_unasked() -> None:
    assert PROJECT_FILE["runtime"] == {"name": "python", "options": {"toolchain": "pip", "virtualenv": ".venv"}}
    # A refresh through a key of another organisation drops what lives from the state, before any code of ours runs.
    assert "options" not in PROJECT_FILE


@pytest.mark.parametrize("file", STACK_FILES, ids=lambda file: file.name)
def test_every_stack_file_loads_and_forbids_the_ambient_cluster(file: Any) -> None:
    config = yaml.safe_load(file.read_text())["config"]
    configure(config, file.name.split(".")[1])

    assert load().ingress is not None
    assert config["pulumi:disable-default-providers"] == ["kubernetes"]


def test_only_the_settings_read_configuration() -> None:
    readers = {
        file.relative_to(PROJECT).as_posix()
        for file in [*PROJECT.glob("*.py"), *PROJECT.glob("configuration/*.py"), *PROJECT.glob("components/*.py")]
        if re.search(r"pulumi\.Config|get_stack|get_project|os\.environ", file.read_text())
    }

    # A ClusterArgs takes the names of the running program where it is given none.
    assert readers == {"configuration/api_key.py", "configuration/settings.py", "components/cluster_args.py"}
