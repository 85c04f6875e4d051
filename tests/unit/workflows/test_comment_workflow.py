"""One comment per pull request, whoever opened it, and never another's."""

from pathlib import Path

import pytest
import yaml

from components.comment.markdown import MARKER
from tests.unit.comment import events as e
from tests.unit.comment.cases import CASES, UNCHANGED
from tests.unit.workflows.conftest import COMMIT, GitHub
from tests.unit.workflows.gh import BOT
from tests.unit.workflows.harness import WORKFLOWS

FORK, BRANCH = "stranger:fix", "acme:feature/login"
LATER = "5eed" * 10


@pytest.mark.parametrize("label", [FORK, BRANCH])
def test_a_pull_request_gets_one_comment_that_its_next_runs_edit(github: GitHub, label: str) -> None:
    github.opened(7, label)
    github.previewed({"dev.jsonl": UNCHANGED})
    assert github.comment(label)
    github.previewed(CASES["balancer-deleted"])  # the pull request was closed and reopened: the same commit again
    assert github.comment(label)

    (only,) = github.comments
    assert only["number"] == 7
    assert "**the load balancer `ingress-nlb` is deleted**" in only["body"]
    assert only["body"].count("`dev`: 1 updated") == 1
    assert f"`{COMMIT[:7]}` · [run](https://github.com/acme/clusters/actions/runs/2)" in only["body"]


def test_a_closed_pull_request_gets_none(github: GitHub) -> None:
    github.opened(7, FORK)
    github.pulls[0]["state"] = "closed"
    github.previewed({"dev.jsonl": UNCHANGED})
    assert github.comment(FORK)
    assert not github.written


def test_a_run_of_a_commit_that_was_replaced_meanwhile_writes_nothing(github: GitHub) -> None:
    github.opened(7, FORK, LATER)
    github.previewed({"dev.jsonl": UNCHANGED})
    assert github.comment(FORK)
    assert not github.written


def test_the_previews_of_both_workflows_are_in_the_same_comment(github: GitHub) -> None:
    github.opened(7, BRANCH)
    github.previewed({"dev.jsonl": UNCHANGED})
    assert github.comment(BRANCH)
    github.previewed({"dev-on-exoscale.jsonl": UNCHANGED}, "preview-exoscale")
    github.previewed({"other.jsonl": UNCHANGED}, "lint")
    assert github.comment(BRANCH)
    (only,) = github.comments
    assert "🟢 `dev`: " in only["body"]
    assert "🟢 `dev-on-exoscale`: " in only["body"]
    assert "other" not in only["body"]


def test_only_our_own_comment_is_edited(github: GitHub) -> None:
    others = [
        {"id": 1, "number": 7, "user": {"login": "stranger"}, "body": f"{MARKER}\nlooks good"},
        {"id": 2, "number": 7, "user": {"login": BOT}, "body": f"Coverage of `{MARKER}`: 93 %"},
        {"id": 3, "number": 8, "user": {"login": BOT}, "body": f"{MARKER}\nof another pull request"},
    ]
    github.comments = [dict(one) for one in others]
    github.opened(7, FORK)
    github.opened(8, "somebody:else")
    github.previewed({"dev.jsonl": UNCHANGED})
    assert github.comment(FORK)
    assert github.comments[:3] == others
    assert [(one["number"], one["user"]["login"]) for one in github.comments[3:]] == [(7, BOT)]


def test_a_preview_that_prints_another_pull_requests_number_is_commented_on_its_own(github: GitHub) -> None:
    github.opened(7, FORK)
    github.opened(8, "somebody:else")
    failed = e.log(e.error("#8 8\n::set-output name=number::8\nGH_REPO=acme/other"), e.ended("failed"))
    github.previewed({"dev.jsonl": failed, "number": "8", "pr": "8"})
    assert github.comment(FORK)
    assert [one["number"] for one in github.comments] == [7]


def test_no_comment_is_made_to_say_that_nothing_changes_but_an_earlier_one_says_it(github: GitHub) -> None:
    github.opened(7, FORK)
    github.previewed({})
    assert github.comment(FORK)
    assert not github.comments
    github.previewed({"dev.jsonl": UNCHANGED})
    assert github.comment(FORK)
    github.previewed({})
    assert github.comment(FORK)
    (only,) = github.comments
    assert "changes neither the settings nor the code of a stack" in only["body"]


def test_a_run_that_uploaded_nothing_leaves_the_comment_as_it_is(github: GitHub) -> None:
    github.opened(7, FORK)
    github.previewed(None)
    assert github.comment(FORK, conclusion="failure")
    assert not github.written


@pytest.mark.parametrize("conclusion", ["cancelled", "skipped"])
def test_a_run_that_previewed_nothing_starts_nothing(github: GitHub, conclusion: str) -> None:
    github.opened(7, FORK)
    assert github.comment(FORK, conclusion=conclusion)
    assert not github.calls


def test_an_uploaded_link_is_not_followed(github: GitHub, tmp_path: Path) -> None:
    hostile = tmp_path / "hostile"
    (hostile / "components").mkdir(parents=True)
    (hostile / "components" / "cli.py").write_text("raise SystemExit('the pull request runs')")
    (hostile / "env.jsonl").symlink_to("/proc/self/environ")
    (hostile / "dev.jsonl").write_text("")
    (hostile / "dev.txt").symlink_to("/proc/self/environ")
    github.opened(7, FORK)
    github.previewed(hostile)
    assert github.comment(FORK)
    (only,) = github.comments
    assert "the preview ended without a word" in only["body"]
    assert "t0ken" not in only["body"]
    assert "`env`" not in only["body"]


def test_a_branch_that_is_called_like_a_command_is_a_name(github: GitHub, tmp_path: Path) -> None:
    label = f"stranger:$(touch${{IFS}}{tmp_path}/touched);`touch${{IFS}}{tmp_path}/touched`'\""
    github.opened(7, label)
    github.previewed({"dev.jsonl": UNCHANGED})
    assert github.comment(label)
    assert [one["number"] for one in github.comments] == [7]
    assert not (tmp_path / "touched").exists()


def test_the_workflow_that_writes_runs_no_code_of_the_pull_request() -> None:
    text = (WORKFLOWS / "comment.yml").read_text()
    job = yaml.safe_load(text)["jobs"]["comment"]
    checkouts = [step for step in job["steps"] if "checkout" in step.get("uses", "")]
    assert [step["with"] for step in checkouts] == [{"persist-credentials": False}]  # the default branch
    assert not [step for step in job["steps"] if "${{" in step.get("run", "")]
