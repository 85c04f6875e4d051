"""What `exoscale-sks comment` makes of a preview."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from components.cli import main
from components.comment.markdown import MARKER
from components.comment.render import LIMIT
from tests.unit.comment import events as e
from tests.unit.comment.boxes import own_words
from tests.unit.comment.cases import CASES, CLUSTER, GOLDEN, POOL, REST, comment


@pytest.mark.parametrize("case", CASES)
def test_a_preview_is_written_as_in_its_golden_file(case: str, tmp_path: Path) -> None:
    assert comment(tmp_path, CASES[case]) == (GOLDEN / f"{case}.md").read_text(encoding="utf-8")


def test_every_golden_file_has_its_case() -> None:
    assert {file.stem for file in GOLDEN.iterdir()} == {*CASES}


def document(*steps: e.Event, unchanged: int) -> str:
    """The same as `pulumi preview --json` writes it."""
    metadata = [one["resourcePreEvent"]["metadata"] for one in steps]
    renamed = [{**one, "oldState": one.pop("old"), "newState": one.pop("new")} for one in metadata]
    return json.dumps({"steps": renamed, "changeSummary": {"same": unchanged}})


def test_the_document_of_json_gives_the_same_comment(tmp_path: Path) -> None:
    deleted = e.step("delete", e.BALANCER, "ingress-nlb", e.NLB)
    of_the_log = comment(tmp_path, {"dev.jsonl": e.log(*REST, CLUSTER, POOL, deleted, e.ended())})
    assert comment(tmp_path, {"dev.jsonl": document(*REST, CLUSTER, POOL, deleted, unchanged=4)}) == of_the_log


def test_costs_are_not_known_where_json_leaves_out_what_stays(tmp_path: Path) -> None:
    deleted = e.step("delete", e.BALANCER, "ingress-nlb", e.NLB)
    said = comment(tmp_path, {"dev.jsonl": document(deleted, unchanged=4)})
    assert "1 deleted, 4 unchanged · costs not known (`--json` leaves out what stays: add `--show-sames`)" in said


def test_a_value_that_is_secret_or_not_known_yet_is_said_to_be_so(tmp_path: Path) -> None:
    unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
    made = e.step("create", e.RELEASE, "ingress", new={"password": e.SECRET, "address": unknown})
    said = comment(tmp_path, {"dev.jsonl": e.log(made, e.ended())})
    assert "+     password: [secret]\n+     address: (known after the up)\n" in said


def test_a_change_behind_the_cut_of_a_long_value_is_shown(tmp_path: Path) -> None:
    long = "x" * 5000
    updated = e.step("update", e.RELEASE, "ingress", {"values": long}, {"values": f"{long}y"})
    said = comment(tmp_path, {"dev.jsonl": e.log(updated, e.ended())})
    assert said.count(" … [cut]\n") == 2


def test_a_pool_of_unknown_size_has_no_price(tmp_path: Path) -> None:
    pool = e.step("create", e.NODEPOOL, "default-nodepool", new={**e.POOL, "size": "04da6b54"})
    said = comment(tmp_path, {"dev.jsonl": e.log(pool, e.ended())})
    assert "0.00 → more than 0.00 CHF a month (no price: `default-nodepool, of unknown size`)" in said


def test_pulumis_own_default_providers_are_not_counted(tmp_path: Path) -> None:
    providers = [e.same("pulumi:providers:exoscale", name, {}) for name in ("default", "default_0_66_1", "cluster")]
    assert "🟢 `dev`: 1 unchanged" in comment(tmp_path, {"dev.jsonl": e.log(*providers, e.ended())})


def test_a_preview_that_did_not_end_is_a_failed_one(tmp_path: Path) -> None:
    for events in (e.log(*REST), e.log(*REST, e.ended("failed"))):
        assert "❌ `dev`: **the preview failed**" in comment(tmp_path, {"dev.jsonl": events})


def test_a_hundred_kilobytes_are_cut_and_said_to_be(tmp_path: Path) -> None:
    made = [e.step("create", e.GROUP, f"group-{number}", new={"text": "x" * 200}) for number in range(1000)]
    said = comment(tmp_path, {"dev.jsonl": e.log(*made, e.ended())})
    assert LIMIT - 1000 < len(said) <= LIMIT
    assert "**Cut:** " in own_words(said)
    assert " of 2000 lines are shown; the run has the rest.\n" in said


def test_a_hundred_stacks_fit_and_what_does_not_is_counted(tmp_path: Path) -> None:
    gone = [e.step("delete", e.GROUP, f"{'group' * 20}-{number}", {}) for number in range(20)]
    files = {f"stack-{number}.jsonl": e.log(*gone, e.error("boom " * 900), e.ended()) for number in range(100)}
    said = comment(tmp_path, files)
    assert len(said) <= LIMIT
    assert "**Cut:** there was no room for all of " in own_words(said)
    assert said.count("**the preview failed**") == 100


def test_the_comment_begins_with_its_marker_which_it_holds_once(tmp_path: Path) -> None:
    said = comment(tmp_path, CASES["attack"])
    assert said.startswith(MARKER)
    assert said.count(MARKER) == 1


def link(folder: Path) -> Path:
    (folder / "dev.jsonl").symlink_to("/proc/self/environ")
    return folder / "dev.jsonl"


def large(folder: Path) -> Path:
    with (folder / "dev.jsonl").open("wb") as file:
        file.truncate(2**24 + 1)
    return folder / "dev.jsonl"


REFUSED = [
    (lambda folder: [str(folder / "dev.jsonl")], "dev.jsonl is no file; allowed: what `pulumi preview --event-log"),
    (lambda folder: [str(link(folder))], "dev.jsonl is no file; allowed: what `pulumi preview --event-log FILE`"),
    (lambda folder: [str(large(folder))], "dev.jsonl has 16777217 bytes; allowed: at most 16777216"),
    (lambda folder: [str(folder / "a b.jsonl")], 'b.jsonl is "a b"; allowed: letters, digits and . _ -'),
    (lambda _: ["--commit", "@team"], '--commit is "@team"; allowed: 7 to 64 hexadecimal digits'),
    (lambda _: ["--run", "https://a) @team"], '--run is "https://a) @team"; allowed: an https:// address'),
]


@pytest.mark.parametrize(("arguments", "line"), REFUSED)
def test_bad_input_is_refused_in_one_line(arguments, line: str, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    ended = CliRunner().invoke(main, ["comment", *arguments(tmp_path)])
    assert ended.exit_code == 1
    assert ended.output.startswith("error: ")
    assert line in ended.output
    assert ended.output.count("\n") == 1
