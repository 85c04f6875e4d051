"""What is refused or announced before an edit of a living stack is done, in a preview and in an `up` alike."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pulumi import automation

from sandbox.stack import SandboxStack

pytestmark = [pytest.mark.engine, pytest.mark.slow]

PREFIX = "exoscale-sks:"
POOL = {"size": 1, "instance-type": "standard.small", "disk-size-gb": 20}


@pytest.fixture(scope="module")
def stack(make_stack: Callable[..., SandboxStack], charts: Callable[[str], Path]) -> Iterator[SandboxStack]:
    made = make_stack(
        config={
            f"{PREFIX}ingress": {"chart": str(charts("nginx-ingress"))},
            f"{PREFIX}nodepools": {"default": POOL},
        }
    )
    made.up()
    yield made
    made.destroy()


def configure(stack: SandboxStack, **settings: Any) -> None:
    stack.config |= {PREFIX + key: value for key, value in settings.items()}


def diagnostics(printed: str) -> list[str]:
    return [line.strip() for line in printed.partition("Diagnostics:")[2].splitlines()]


def refused(stack: SandboxStack, why: str) -> str:
    """The line with these words that preview and `up` are both refused with."""
    lines = []
    for run in (stack.preview, stack.up):
        with pytest.raises(automation.CommandError) as failed:
            run()
        lines += [{line for line in diagnostics(str(failed.value)) if why in line}]
    preview, up = lines
    assert preview == up
    [line] = up
    return line


def recorded(stack: SandboxStack) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = stack.export()["deployment"]["resources"]
    return [{key: value for key, value in one.items() if key != "modified"} for one in found]


def test_one_edit_that_protects_the_stack_and_replaces_its_cluster_is_refused_and_changes_nothing(
    stack: SandboxStack,
) -> None:
    before = recorded(stack)
    configure(stack, protect=True, level="pro")

    line = refused(stack, "is protected")

    assert "level starter → pro would replace its cluster" in line
    assert recorded(stack) == before
    configure(stack, protect=False, level="starter")
    assert stack.up().summary.resource_changes.keys() == {"same"}
