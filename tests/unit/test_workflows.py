"""CI runs the actions that somebody has looked at: a tag can be moved to other code, a commit cannot."""

import re
from collections import defaultdict
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
WORKFLOWS = sorted((PROJECT / ".github" / "workflows").glob("*.yml"))
USES = re.compile(r"^[ -]*uses: *(\S+)(.*)$", re.MULTILINE)
COMMIT = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}")
VERSION = re.compile(r" # v\d+\.\d+\.\d+")


def used(workflow: Path) -> list[tuple[str, str]]:
    """The actions of a workflow, each with the rest of its line."""
    return USES.findall(workflow.read_text())


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda workflow: workflow.name)
def test_every_action_is_pinned_by_its_commit_and_names_its_version(workflow: Path) -> None:
    actions = [(action, rest) for action, rest in used(workflow) if not action.startswith("./")]

    assert actions
    assert not [
        f"{action}{rest}" for action, rest in actions if not (COMMIT.fullmatch(action) and VERSION.fullmatch(rest))
    ]


def test_every_workflow_uses_the_same_commit_of_an_action() -> None:
    commits: dict[str, set[str]] = defaultdict(set)
    for workflow in WORKFLOWS:
        for action, rest in used(workflow):
            name, _, commit = action.partition("@")
            commits[name].add(commit + rest)

    assert not {name: versions for name, versions in commits.items() if len(versions) > 1}
