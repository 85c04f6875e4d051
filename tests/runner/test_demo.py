"""The README's picture of a terminal: what it shows of a run, what it never shows, and the one that is committed."""

import os
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from runner.demo import k9s
from runner.demo.checkout import checkout
from runner.demo.excerpt import SESSION, Command, Missing, anonymous, excerpt
from runner.demo.terminal import COLUMNS, typed
from sandbox import daemon
from sandbox.home import start_time

DOCS = Path(__file__).parents[2] / "docs"
PICTURES = {name: (DOCS / f"{name}.svg").read_text() for name in ("demo", "k9s")}
PICTURE = PICTURES["demo"]
UP = SESSION[0]
CREATED = "\x1b[32m+ \x1b[0m exoscale:index:Nlb one \x1b[32mcreated (0.4s)\x1b[0m"
GAP, CELL = "\x1b[2m⋮\x1b[0m", 12.2  # the width of a character


def plain(lines: list[str]) -> list[str]:
    return [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in lines]


def rows(svg: str) -> list[str]:
    """The rows of a picture, as its viewer reads them."""
    found: dict[str, str] = {}
    for text in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text"):
        if row := text.get("clip-path"):
            column = round(float(text.get("x", "0")) / CELL)
            found[row] = found.get(row, "").ljust(column) + (text.text or "").replace("\xa0", " ")
    return [row.rstrip() for row in found.values()]


# --- what is kept


def test_a_line_is_kept_as_it_was_printed_and_each_gap_is_marked_once() -> None:
    command = Command("make up", (r"\+ +exoscale:index:Nlb .*", "Duration: .*"))
    printed = f"a\r\nb\r\n{CREATED}\r\n\r\nDuration: 2s\r\n\r\nc\r\n"

    prompt, *shown = excerpt(command, printed)

    assert plain([prompt]) == ["$ make up"]
    assert shown == [GAP, CREATED, "Duration: 2s", GAP]


def test_a_run_that_lacks_a_part_of_the_picture_is_refused_by_the_part() -> None:
    with pytest.raises(Missing, match=r"^`make down` printed no line of the form `receipt: \.\*`$"):
        excerpt(Command("make down", ("receipt: .*",)), "no receipt: the audit failed\n")


def test_a_kubeconfig_in_clear_never_gets_into_the_picture() -> None:
    (form,) = (form for form in UP.kept if "kubeconfig" in form)
    command = Command("make up", (form,))

    assert plain(excerpt(command, "  kubeconfig: '[secret]'\n"))[1:] == ["  kubeconfig: '[secret]'"]
    with pytest.raises(Missing):
        excerpt(command, "  kubeconfig: 'apiVersion: v1, token: abc'\n")


def test_no_output_is_kept_that_has_a_path_or_an_address_of_this_machine() -> None:
    outputs = ("  connect: export KUBECONFIG=/x", "  kubeconfig_path: /x", "  endpoint: https://x", "  token: x")

    assert not [line for line in outputs if any(re.fullmatch(form, line) for form in UP.kept)]


def test_folders_of_this_machine_are_replaced_the_inner_one_first() -> None:
    assert anonymous("/root/a/b /root/c", {"/root": "~", "/root/a": "~/here"}) == "~/here/b ~/c"


# --- the terminal


def test_a_command_runs_in_a_terminal_of_the_pictures_width(tmp_path: Path) -> None:
    seen: list[bytes] = []

    status, printed = typed("test -t 1 && stty size && pwd; exit 3", tmp_path, os.environ, seen.append)

    assert (status, printed.split()) == (3, ["40", str(COLUMNS), str(tmp_path)])
    assert b"".join(seen).decode() == printed


def test_a_ctrl_c_reaches_the_command_which_can_still_say_how_it_ended(tmp_path: Path) -> None:
    seen: list[bytes] = []

    def interrupted_once(chunk: bytes) -> None:
        seen.append(chunk)
        if len(seen) == 1:
            raise KeyboardInterrupt

    # More than a terminal holds for a reader that is not there.
    line = "trap 'seq 5000; exit' INT; echo ready; while :; do :; done"
    with pytest.raises(KeyboardInterrupt):
        typed(line, tmp_path, os.environ, interrupted_once)
    assert b"".join(seen).split()[-1] == b"5000"


# --- the checkout


def test_the_run_has_a_checkout_of_its_own_without_stacks_and_leaves_none_of_it(tmp_path: Path) -> None:
    (tmp_path / ".sandbox").mkdir()
    (tmp_path / ".venv").mkdir()
    (tmp_path / "runner").mkdir()
    for name in ("Makefile", "Pulumi.sandbox.yaml", "Pulumi.demo.yaml"):
        (tmp_path / name).touch()

    with checkout(tmp_path) as folder:
        assert {entry.name for entry in folder.iterdir()} == {".venv", "Makefile", "Pulumi.sandbox.yaml", "runner"}
        record = daemon.start(folder / ".sandbox", 0, lambda line: None)

    assert start_time(record.pid) is None
    assert not folder.exists()
    assert (tmp_path / "Pulumi.demo.yaml").exists()


# --- the drawing


def test_a_line_that_is_too_long_goes_on_in_the_next_row() -> None:
    picture = pytest.importorskip("runner.demo.picture", reason="needs requirements-pictures.txt", exc_type=ImportError)

    assert rows(picture.drawn(["\x1b[31mabcdef\x1b[0mgh & <i>", "$"], "a title", 5)) == ["abcde", "fgh &", " <i>", "$"]


# --- the picture in the README


def test_the_committed_picture_shows_all_that_a_run_must_print() -> None:
    shown = rows(PICTURE)

    for command in SESSION:
        assert f"$ {command.line}" in shown
        assert not [form for form in command.kept if not any(re.fullmatch(form, row) for row in shown)]


@pytest.mark.parametrize("picture", PICTURES)
def test_a_committed_picture_loads_nothing_and_fits_the_first_screen(picture: str) -> None:
    svg = PICTURES[picture]
    assert not re.search(r"@import|@font-face|href|<image|<script|url\((?!#)", svg)
    assert len(svg) < 60_000
    assert len(rows(svg)) <= 42


@pytest.mark.parametrize("picture", PICTURES)
def test_a_committed_picture_names_no_folder_of_the_machine_that_drew_it(picture: str) -> None:
    assert not [row for row in rows(PICTURES[picture]) if re.search(r"/(root|home|tmp|var|Users)/", row)]


def test_the_committed_picture_of_k9s_shows_the_stacks_nodes() -> None:
    shown = rows(PICTURES["k9s"])

    assert shown[0] == f"$ {k9s.COMMAND}"
    assert len(k9s.nodes(shown)) == 2
    assert any(re.search(r"Context: +exoscale-sks-demo", row) for row in shown)
