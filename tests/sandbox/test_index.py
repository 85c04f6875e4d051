"""Looking documents up by a value finds what looking at all of them finds, whatever happened to them before."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as some

from sandbox.store import Store

VALUES = ("a", "b", "c")
PATHS = ("name", "parts.owner.id")

parts = some.lists(some.fixed_dictionaries({"owner": some.fixed_dictionaries({"id": some.sampled_from(VALUES)})}))
documents = some.fixed_dictionaries(
    {"id": some.sampled_from(("1", "2", "3"))}, optional={"name": some.sampled_from(VALUES), "parts": parts}
)
steps = some.lists(
    some.tuples(some.just("put"), documents)
    | some.tuples(some.just("delete"), documents)
    | some.tuples(some.just("look"), documents)
    | some.tuples(some.just("clear"), documents)
)


def scanned(store: Store, path: str, value: str) -> list[str]:
    """Ids of the documents that have the value, found by looking at each."""

    def has(document: dict[str, Any]) -> bool:
        if path == "name":
            return document.get("name") == value
        return value in [part["owner"]["id"] for part in document.get("parts", [])]

    return sorted(document["id"] for document in store.list("thing") if has(document))


@given(steps, some.booleans())
def test_a_look_up_finds_what_a_scan_finds(taken: list[tuple[str, dict[str, Any]]], as_stranger: bool) -> None:
    whole = Store()
    mine = whole.of(whole.organization("mine"))
    store = whole.of(whole.organization("theirs")) if as_stranger else mine
    for step, document in taken:
        if step == "put":
            mine.put("thing", document)
        elif step == "delete":
            mine.delete("thing", document["id"])
        elif step == "clear":
            mine.clear()
        for path in PATHS if step == "look" else ():  # the index is made at the first look, with what is there then
            for value in VALUES:
                found = [item["id"] for item in store.where("thing", path, value)]
                assert sorted(found) == scanned(store, path, value)
                assert store.has("thing", path, value) == bool(found)
    assert store.count("thing") == len(store.list("thing"))


def test_a_document_keeps_its_place_when_it_changes_elsewhere() -> None:
    store = Store()
    for id_ in ("1", "2"):
        store.put("thing", {"id": id_, "name": "a"})
    assert store.has("thing", "name", "a")
    store.put("thing", {"id": "1", "name": "a", "state": "running"})
    assert [item["id"] for item in store.where("thing", "name", "a")] == ["1", "2"]
