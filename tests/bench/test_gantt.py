"""The picture of a run."""

import xml.etree.ElementTree as ElementTree

import pytest

from bench.gantt import drawn, shown
from bench.timeline import Operation, Run

SVG = "{http://www.w3.org/2000/svg}"


def operation(name: str, began: float, ended: float) -> Operation:
    return Operation("create", "Thing", name, began, ended)


UP = Run(
    100,
    [operation("short", 1, 1.1), operation("long", 1, 60), operation("awaited", 60.1, 60.2), operation("last", 61, 99)],
)
DOWN = Run(50, [operation("only <one>", 1, 49)])


def bars(picture: str) -> list[ElementTree.Element]:
    return ElementTree.fromstring(picture).findall(f"{SVG}rect")


def test_what_took_no_time_and_what_nobody_waited_for_is_left_out() -> None:
    assert [one.name for one in shown(UP)] == ["long", "awaited", "last"]


def test_each_operation_is_a_bar_from_its_begin_to_its_end_on_one_scale_for_all_runs() -> None:
    long, _, last, only = [
        (float(bar.attrib["x"]), float(bar.attrib["width"])) for bar in bars(drawn({"up": UP, "destroy": DOWN}))
    ]
    assert last[0] - long[0] == pytest.approx(60 / 59 * long[1], abs=0.2)
    assert only[0] == long[0]
    assert only[1] == pytest.approx(48 / 59 * long[1], abs=0.2)


def test_the_critical_path_is_marked() -> None:
    run = Run(10, [operation("aside", 1, 3), operation("awaited", 1, 9)])
    assert [bar.attrib["class"] for bar in bars(drawn({"up": run}))] == ["bar", "bar critical"]


def test_the_picture_says_what_took_how_long() -> None:
    texts = [text.text for text in ElementTree.fromstring(drawn({"pulumi up": UP, "down": DOWN})).findall(f"{SVG}text")]
    assert {"pulumi up: 100 s", "Thing long", "59.0", "Thing only <one>"} <= {*texts}


def test_bars_of_one_run_lie_below_those_of_the_other() -> None:
    heights = [float(bar.attrib["y"]) for bar in bars(drawn({"up": UP, "destroy": DOWN}))]
    assert heights == sorted(set(heights))


def test_the_picture_has_colours_for_a_dark_background_too() -> None:
    assert "prefers-color-scheme: dark" in drawn({"up": UP})
