"""A pull request is previewed on top of its base branch's version, without a secret."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.unit.comment.cases import UNCHANGED
from tests.unit.workflows.conftest import GitHub
from tests.unit.workflows.harness import PROJECT, WORKFLOWS, Runner

# Stands in for the Makefile of the pull request: records its calls with the version that is checked out, and fails for
# the stacks and verbs that the file `fails` names.
MAKE = """#!/bin/sh
verb=$2 stack=${3#STACK=} events=${4#ARGS=--events }
echo "$verb $stack $(cat version)" >> "$MADE"
grep -q "$verb $stack" fails && { echo "$verb says no"; exit 1; }
[ "$verb" = up ] || cat "$EVENTS" > "$events"
"""
BASE = {
    ".ci/previews": (PROJECT / ".ci" / "previews").read_text(),
    "version": "base",
    "fails": "",
    "__main__.py": "",
    "README.md": "",
    "Pulumi.dev.yaml": "config: {}",
    "Pulumi.sandbox.yaml": "config: {}",
    "Pulumi.local.yaml": "config:\n  exoscale-sks:platform: k3d\n",
}
Previewed = tuple[bool, list[str], Path]


@pytest.fixture
def previewed(tmp_path: Path, stand_in: Callable[[str, str], Path]) -> Callable[..., Previewed]:
    """Runs preview.yml for a pull request with these files: whether it succeeded, what `make` did, what it uploaded."""
    checkout, made, events = tmp_path / "checkout", tmp_path / "made", tmp_path / "events"
    checkout.mkdir()
    made.write_text("")
    events.write_text(UNCHANGED)

    def git(*arguments: str) -> None:
        who = ("-c", "user.name=x", "-c", "user.email=x@example.com")
        subprocess.run(("git", *who, *arguments), cwd=checkout, check=True, capture_output=True)

    def commit(files: dict[str, str]) -> None:
        for name, text in files.items():
            (checkout / name).parent.mkdir(exist_ok=True)
            (checkout / name).write_text(text)
        git("add", ".")
        git("commit", "--message", "x")

    def run(files: dict[str, str], base: dict[str, str] | None = None) -> Previewed:
        git("init", "--initial-branch", "main")
        commit({**BASE, **(base or {})})
        git("switch", "--create", "fix")
        commit({"version": "merge", **files})
        git("switch", "main")
        git("merge", "--no-ff", "--no-edit", "fix")
        path = stand_in("make", MAKE)
        variables = {"MADE": str(made), "EVENTS": str(events)}
        machine = Runner("preview", {}, checkout, tmp_path / "machine", path, variables)
        return machine.run(), made.read_text().splitlines(), machine.uploaded

    return run


def test_the_base_branchs_version_is_up_before_the_pull_requests_is_previewed(
    previewed: Callable[..., Previewed],
) -> None:
    succeeded, made, uploaded = previewed({"Pulumi.dev.yaml": "config: {a: b}"})
    assert succeeded
    assert made == ["up dev base", "preview dev merge"]
    assert (uploaded / "dev.jsonl").read_text() == UNCHANGED


@pytest.mark.parametrize("file", ["__main__.py", "components/cluster.py", "requirements.txt"])
def test_a_change_of_the_code_previews_every_stack_that_costs_money(
    previewed: Callable[..., Previewed], file: str
) -> None:
    _, made, _ = previewed({file: "pass"})
    assert made == ["up dev base", "up sandbox base", "preview dev merge", "preview sandbox merge"]


@pytest.mark.parametrize("file", ["README.md", "tests/test_x.py", "Pulumi.local.yaml", "Pulumi.a b;c.yaml"])
def test_what_changes_no_stack_previews_none(previewed: Callable[..., Previewed], file: str) -> None:
    succeeded, made, uploaded = previewed({file: "# config:\n#  platform: k3d\n"})
    assert succeeded
    assert not made
    assert not [*uploaded.glob("*.jsonl")]


def test_a_new_stack_is_previewed_alone(previewed: Callable[..., Previewed]) -> None:
    _, made, _ = previewed({"Pulumi.prod.yaml": "config: {}"})
    assert made == ["preview prod merge"]


def test_a_failed_preview_is_uploaded_and_fails_the_check(previewed: Callable[..., Previewed]) -> None:
    succeeded, _, uploaded = previewed({"__main__.py": "pass", "fails": "preview dev"})
    assert not succeeded
    assert (uploaded / "dev.jsonl").read_text() == ""
    assert (uploaded / "dev.txt").read_text() == "preview says no\n"
    assert (uploaded / "sandbox.jsonl").read_text() == UNCHANGED


def test_a_base_version_that_does_not_come_up_is_told(previewed: Callable[..., Previewed]) -> None:
    succeeded, made, uploaded = previewed({"Pulumi.dev.yaml": "config: {a: b}"}, base={"fails": "up dev"})
    assert not succeeded
    assert made == ["up dev base"]
    shown = (uploaded / "dev.txt").read_text()
    assert shown == "up says no\nThe base branch's version, shown above, does not come up: nothing to compare with.\n"


def test_a_forks_preview_becomes_its_comment(previewed: Callable[..., Previewed], github: GitHub) -> None:
    _, _, uploaded = previewed({"__main__.py": "pass", "fails": "preview dev"})
    github.opened(7, "stranger:fix")
    github.previewed(uploaded)
    assert github.comment("stranger:fix", conclusion="failure")
    (only,) = github.comments
    assert "❌ `dev`: **the preview failed**" in only["body"]
    assert "\npreview says no\n" in only["body"]
    assert "🟢 `sandbox`: 5 unchanged · 63.50 CHF a month, as before" in only["body"]


def test_a_preview_on_the_sandbox_knows_no_secret() -> None:
    text = (WORKFLOWS / "preview.yml").read_text()
    assert "secrets." not in text
    assert yaml.safe_load(text)["permissions"] == {"contents": "read"}


def exoscale(tmp_path: Path, path: Path, head: str, stack: str = "acme/clusters/dev") -> Runner:
    """The machine of preview-exoscale.yml for a branch of this repository."""
    contexts = {
        "github": {"repository": "acme/clusters", "event": {"pull_request": {"head": {"repo": {"full_name": head}}}}},
        "vars": {"PREVIEW_STACK": stack, "PULUMI_BACKEND_URL": "s3://states"},
        "secrets": {"EXOSCALE_API_KEY": "EXOkey", "EXOSCALE_API_SECRET": "s3cret", "STATE_ACCESS_KEY_ID": "EXOstate"},
    }
    return Runner("preview-exoscale", contexts, PROJECT, tmp_path / "machine", path, {"CALLS": str(tmp_path / "calls")})


PULUMI = """#!/bin/sh
echo "$@" "${EXOSCALE_API_KEY-}" >> "$CALLS"
"""


@pytest.mark.parametrize(("head", "stack"), [("stranger/clusters", "dev"), ("acme/clusters", "")])
def test_a_fork_and_a_repository_without_a_stack_to_preview_never_get_the_key(
    tmp_path: Path, stand_in: Callable[[str, str], Path], head: str, stack: str
) -> None:
    assert exoscale(tmp_path, stand_in("pulumi", PULUMI), head, stack).run()
    assert not (tmp_path / "calls").exists()


def test_a_branch_is_previewed_on_exoscale_and_only_that_step_has_the_key(
    tmp_path: Path, stand_in: Callable[[str, str], Path]
) -> None:
    machine = exoscale(tmp_path, stand_in("pulumi", PULUMI), "acme/clusters")
    assert machine.run()
    log = machine.temp / "previews" / "dev-on-exoscale.jsonl"
    install, preview = (tmp_path / "calls").read_text().splitlines() + (
        machine.temp / "previews" / "dev-on-exoscale.txt"
    ).read_text().splitlines()
    assert install == "install "
    assert preview == f"preview --stack acme/clusters/dev --event-log {log} --non-interactive --color never EXOkey"
    assert [name for name, given in machine.seen.items() if "s3cret" in given.values()] == ["Preview on Exoscale"]
    assert machine.seen["Preview on Exoscale"]["AWS_ACCESS_KEY_ID"] == "EXOstate"
    assert machine.steps["pinned"]["outputs"] == {"pulumi": pinned()}


def pinned() -> str:
    """The engine's version, which the requirements name."""
    lines = (PROJECT / "requirements.txt").read_text().splitlines()
    return next(line.split("==")[1].split()[0] for line in lines if line.startswith("pulumi=="))


def test_where_a_key_is_given_somebody_has_to_approve_first() -> None:
    job = yaml.safe_load((WORKFLOWS / "preview-exoscale.yml").read_text())["jobs"]["preview"]
    assert job["environment"] == "preview"
    assert "secrets" not in str({key: one for key, one in job.items() if key != "steps"})
    assert [step["name"] for step in job["steps"] if "secrets." in str(step)] == ["Preview on Exoscale"]
