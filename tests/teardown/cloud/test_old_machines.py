"""Which machines are not what their pool makes."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from components.teardown.cloud.account import Document
from components.teardown.cloud.old_machines import Kind, made_by, of_machine

TYPES = {"1": "standard.small", "2": "standard.medium"}
TEXT = st.sampled_from(["a", "b", "c"])
POOLS = st.fixed_dictionaries(
    {
        "instance-type": st.sampled_from([{"id": "1"}, {"id": "2"}]),
        "disk-size": st.sampled_from([20, 50]),
        "template": st.sampled_from([{"id": "old"}, {"id": "new"}]),
        "labels": st.dictionaries(TEXT, TEXT),
        "taints": st.dictionaries(TEXT, st.fixed_dictionaries({"value": TEXT, "effect": st.just("NoSchedule")})),
    }
)


def joined(pool: Document) -> tuple[Document, Document]:
    """A machine that the pool made, and its node, to which people and controllers added things."""
    taints = [{"key": key, **taint} for key, taint in pool["taints"].items()]
    by_others = [{"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}]
    node = {
        "metadata": {"labels": {**pool["labels"], "kubernetes.io/os": "linux"}},
        "spec": {"taints": taints + by_others},
    }
    return pool, node


@given(POOLS)
def test_what_a_pool_has_just_made_lacks_nothing(pool: Document) -> None:
    assert of_machine(*joined(pool), TYPES).lacks(made_by(pool, TYPES)) == []


@given(POOLS, POOLS)
def test_what_it_made_before_a_change_lacks_what_changed_and_nothing_else(before: Document, after: Document) -> None:
    lacks = of_machine(*joined(before), TYPES).lacks(made_by(after, TYPES))

    def changed(key: str) -> bool:
        return bool(before[key] != after[key])

    assert any("standard." in one for one in lacks) == changed("instance-type")
    assert any("GiB" in one for one in lacks) == changed("disk-size")
    assert ("today's image" in lacks) == changed("template")
    for what in ("label", "taint"):
        new = [key for key, value in after[f"{what}s"].items() if before[f"{what}s"].get(key) != value]
        assert sorted(one.partition("=")[0] for one in lacks if one.startswith(what)) == sorted(
            f"{what} {key}" for key in new
        )


def test_a_machine_without_a_node_is_not_asked_for_labels_and_one_of_an_unknown_image_not_for_that() -> None:
    pool: dict[str, Any] = {"instance-type": {"id": "1"}, "disk-size": 20, "labels": {"a": "b"}, "taints": {}}

    assert of_machine(pool, None, TYPES).lacks(made_by(pool, TYPES)) == []
    assert Kind("standard.small", 20).lacks(Kind("standard.small", 20, "image")) == []
