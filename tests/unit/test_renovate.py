"""Renovate finds every pin, and moves together what fits together only."""

import json
import re
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from components import cert_manager, gitops, longhorn
from components.ingress import CONTROLLERS
from tools.pins import TOOLS

PROJECT = Path(__file__).parents[2]
CONFIG: dict[str, Any] = json.loads((PROJECT / "renovate.json").read_text())
RULES: list[dict[str, Any]] = CONFIG["packageRules"]
REQUIREMENTS = sorted(PROJECT.glob("requirements*.txt"))


def pinned(*files: Path) -> dict[str, str]:
    """The version of each package in requirements files, by the name as the index normalises it."""
    lines = [line for file in files for line in file.read_text().splitlines()]
    found = (re.match(r"([\w.-]+)==(\S+)", line) for line in lines)
    return {re.sub(r"[-_.]+", "-", match[1]).lower(): match[2] for match in found if match}


def rule(**criteria: Any) -> dict[str, Any]:
    """The one rule with these values."""
    (found,) = (rule for rule in RULES if criteria.items() <= {key: rule.get(key) for key in criteria}.items())
    return found


def test_every_chart_is_found_with_its_repository_and_version() -> None:
    (manager,) = CONFIG["customManagers"]
    (pattern,) = manager["matchStrings"]
    files = [file for glob in manager["managerFilePatterns"] for file in PROJECT.glob(glob)]
    found = {
        (match["depName"], match["registryUrl"], match["currentValue"])
        for file in files
        for match in re.finditer(pattern.replace("(?<", "(?P<"), file.read_text())
    }

    assert manager["datasourceTemplate"] == "helm"
    assert found == {
        (chart.name, chart.repository, chart.version)
        for chart in (
            cert_manager.OFFICIAL,
            longhorn.OFFICIAL,
            *(one.chart for one in (*CONTROLLERS.values(), *gitops.TOOLS.values())),
        )
    }


def test_a_package_that_we_name_moves_in_the_constraints_too() -> None:
    listed = rule(groupName="Python packages", matchFileNames=["constraints.txt"])["matchPackageNames"]

    assert listed == sorted(pinned(*REQUIREMENTS))


def test_the_constraints_are_read_and_hold_the_same_versions() -> None:
    constraints = pinned(PROJECT / "constraints.txt")
    named = pinned(*REQUIREMENTS)

    assert "constraints.txt" in CONFIG["pip_requirements"]["managerFilePatterns"]
    assert {name: constraints.get(name, version) for name, version in named.items()} == named


def test_engine_sdk_and_plugins_move_together() -> None:
    together = rule(groupName="Pulumi")
    engine = next(tool.module for tool in TOOLS if tool.name == "pulumi")
    packages = [name for name in pinned(*REQUIREMENTS) if name.startswith("pulumi")]

    assert len(packages) == 4
    assert all(any(fnmatch(name, glob) for glob in together["matchPackageNames"]) for name in (engine, *packages))


def test_the_rule_of_engine_sdk_and_plugins_overrides_those_of_their_files() -> None:
    others = [other for other in RULES if {"pip_requirements", "gomod"} & set(other.get("matchManagers", []))]
    others += [other for other in RULES if "matchFileNames" in other]

    assert others
    assert all(RULES.index(other) < RULES.index(rule(groupName="Pulumi")) for other in others)


def test_every_tool_has_a_group_of_its_own() -> None:
    (glob,) = rule(groupName="{{parentDir}}")["matchFileNames"]

    assert {file.parent.name for file in PROJECT.glob(glob)} == {tool.name for tool in TOOLS}
