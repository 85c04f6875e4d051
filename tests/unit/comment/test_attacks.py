"""Whatever a pull request prints stays in its box: the comment's own words are the same as for harmless text."""

import json
import re
import unicodedata
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.comment.markdown import MARKER
from components.comment.render import LIMIT
from tests.unit.comment import events as e
from tests.unit.comment.boxes import own_words
from tests.unit.comment.cases import comment

PIECES = (
    *(
        "`",
        "```",
        "`````",
        "~~~",
        "\n",
        "\r",
        "\u2028",
        "\t",
        " ",
        "    ",
        "> ",
        "- ",
        "| ",
        "# ",
        "\\",
        "&#64;",
        "<{%fg 1%}>",
    ),
    *(
        MARKER,
        "<!--",
        "-->",
        "@team",
        "@acme/team",
        "#12",
        "acme/clusters#12",
        "GH-12",
        "http://evil",
        "[x](http://evil)",
    ),
    *(
        "</details>",
        "<details>",
        "</summary>",
        "<script>",
        "\x1b[31m",
        "\x1b]8;;http://evil\x07",
        "\x9b31m",
        "\u202e",
        "\ud800",
    ),
    *("```diff\n", "```mermaid\n", "**Cut:**", "### What this pull request changes"),
)
ATTACKS = st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=8).map("".join)


def written(text: str) -> str:
    """The comment on a preview in which this is the text of everything that a pull request chooses."""
    events = e.log(
        e.step("create", e.GROUP, f"x{text}", new={f"x{text}": f"x{text}", "list": [text, {text: text}]}, keys=[text]),
        *e.replaced(e.CLUSTER, f"a{text}", {**e.STARTER, "serviceLevel": "pro"}, {**e.STARTER, "cni": text}, text),
        *[e.step("delete-replaced", e.CLUSTER, f"a{text}", e.STARTER), e.step("delete", e.GROUP, f"y{text}", {})],
        e.step("update", e.NODEPOOL, f"b{text}", e.POOL, {**e.POOL, "instanceType": f"x{text}"}, protect=True),
        e.step("create", e.NODEPOOL, f"c{text}", new={**e.POOL, "size": text}),
        e.warning(f"x{text}"),
        e.ended(),
    )
    with TemporaryDirectory() as folder:
        return comment(
            Path(folder),
            {
                "dev.jsonl": events,
                "prod.jsonl": e.log(e.error(text)),
                "alice.jsonl": "",
                "alice.txt": f"x{text}".encode(errors="replace").decode(),
            },
        )


HARMLESS = own_words(written("harmless"))


@settings(max_examples=100, deadline=None)
@given(ATTACKS)
def test_text_of_a_pull_request_stays_in_its_boxes(text: str) -> None:
    said = written(text)
    assert own_words(said) == HARMLESS
    assert said.startswith(MARKER)
    assert said.count("<!--") == 1
    assert not {unicodedata.category(one) for one in said if one not in "\n\u200b"} & {"Cc", "Cf", "Cs"}


@pytest.mark.parametrize("text", ["@team\n" * 20_000, "`" * 100_000, "\x1b[31m" * 20_000, "<!--" * 25_000])
def test_a_hundred_kilobytes_stay_in_their_boxes(text: str) -> None:
    said = written(text)
    assert (
        re.sub(r"\n\n\*\*Cut:\*\* \d+ of \d+ lines are shown; the run has the rest\.", "", own_words(said)) == HARMLESS
    )
    assert len(said) <= LIMIT


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
OPS = st.sampled_from(["create", "update", "delete", "same", "replace", "create-replacement", "delete-replaced", "x"])
STATES = ANYTHING | st.fixed_dictionaries(
    {
        "custom": st.just(True) | ANYTHING,
        "inputs": ANYTHING
        | st.dictionaries(st.sampled_from(["size", "diskSize", "settings", "serviceLevel"]), ANYTHING),
    }
)
URNS = ANYTHING | st.sampled_from(
    [f"urn:pulumi:dev::p::{type_}::n" for type_ in (e.NODEPOOL, e.CLUSTER, e.STACK_ID, "x")]
)
STEPS = st.fixed_dictionaries({"op": OPS | ANYTHING, "urn": URNS, "old": STATES, "new": STATES, "keys": ANYTHING})
EVENTS = (
    ANYTHING
    | STEPS.map(lambda one: {"resourcePreEvent": {"metadata": one}})
    | st.fixed_dictionaries(
        {
            "diagnosticEvent": ANYTHING | st.fixed_dictionaries({"severity": st.just("error"), "message": ANYTHING}),
            "summaryEvent": ANYTHING,
            "errorEvent": ANYTHING,
        }
    )
)
DOCUMENTS = st.fixed_dictionaries(
    {
        "steps": ANYTHING | st.lists(STEPS, max_size=3),
        "diagnostics": ANYTHING,
        "changeSummary": ANYTHING | st.dictionaries(st.just("same"), ANYTHING),
    }
)


@settings(max_examples=150, deadline=None)
@given(st.lists(EVENTS, max_size=5).map(lambda events: "\n".join(map(json.dumps, events))) | DOCUMENTS.map(json.dumps))
def test_no_log_breaks_the_command(log: str) -> None:
    with TemporaryDirectory() as folder:
        assert MARKER in comment(Path(folder), {"dev.jsonl": log})


@pytest.mark.parametrize(
    "log", ["[" * 100_000, '{"a":' * 100_000, "9" * 10_000, '{"steps": [' + '{"inputs":' * 900 + "1" + "}" * 900 + "]}"]
)
def test_no_depth_and_no_number_breaks_the_command(log: str, tmp_path: Path) -> None:
    assert "**the preview failed**" in comment(tmp_path, {"dev.jsonl": log})


def test_a_deep_value_is_no_change_that_hides(tmp_path: Path) -> None:
    def deep(text: str) -> object:
        return json.loads('{"a":' * 400 + json.dumps(text) + "}" * 400)

    updated = e.step("update", e.RELEASE, "ingress", {"values": deep("x")}, {"values": deep("y")})
    assert comment(tmp_path, {"dev.jsonl": e.log(updated, e.ended())}).count("values.a.a") == 2
