"""The figures in the documents are those of the soak's record."""

from pathlib import Path

import pytest

from tests.soak.figures import BEGIN, CITING, END, recorded, sentence, written
from tests.soak.record import COLUMNS


@pytest.mark.parametrize("document", CITING, ids=lambda document: document.name)
def test_a_document_says_what_the_record_says(document: Path) -> None:
    text = document.read_text()

    assert written(text, recorded()) == text, "next: .venv/bin/python -m tests.soak.figures"


def test_the_sentence_counts_both_ways() -> None:
    rows = [
        {**dict.fromkeys(COLUMNS, ""), "faults": "a; b", "ours gone": "yes", "classic gone": "yes"}
        | {"classic leaked": "1 sks-cluster, 3 load-balancer", "classic touched": "volume 1: gone"},
        {**dict.fromkeys(COLUMNS, ""), "ours gone": "yes", "classic gone": "no", "classic leaked": "2 instance"},
    ]

    assert " ".join(sentence(rows).split()) == (
        "In **2 recorded runs** with 2 faults, this program left **0 billable resources** behind and touched "
        "**0 resources** of others. The classic way left **6 billable resources** behind in 2 of the runs (in 1 of "
        "these, the destroy had reported success) and touched **1 resource** of others."
    )


def test_a_leak_of_ours_would_be_told() -> None:
    row = {**dict.fromkeys(COLUMNS, ""), "ours gone": "yes", "ours leaked": "1 instance", "classic gone": "yes"}

    told = " ".join(sentence([row]).split())

    assert "this program left **1 billable resource** behind in 1 of the runs" in told


def test_a_document_without_a_place_for_the_figures_is_refused() -> None:
    with pytest.raises(ValueError, match="no lines"):
        written("text", recorded())


def test_what_stood_between_the_comments_is_replaced() -> None:
    text = written(f"before\n{BEGIN}old\n{END}after\n", recorded())

    assert text == f"before\n{BEGIN}{sentence(recorded())}{END}after\n"
