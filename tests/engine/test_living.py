"""What is refused or announced before an edit of a living stack is done, in a preview and in an `up` alike."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pulumi import automation

from sandbox.stack import SandboxStack
from tests.engine.conftest import Kubectl
from tests.engine.faults.users import Users

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
    yield made
    made.destroy()


@pytest.fixture(scope="module")
def users(stack: SandboxStack, tmp_path_factory: pytest.TempPathFactory) -> Users:
    """Whoever works in the cluster of the first `up`."""
    outputs = stack.up().outputs
    return Users(Kubectl(outputs["kubeconfig"].value, tmp_path_factory.mktemp("users")))


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


def announced(stack: SandboxStack, why: str) -> tuple[str, automation.UpResult]:
    """The line with these words that preview and `up` both warn with; and what the `up` ended with."""
    preview, up = stack.preview(), stack.up()
    lines = [[line for line in diagnostics(run.stdout) if why in line] for run in (preview, up)]
    assert lines[0] == lines[1]
    [line] = lines[0]
    assert line.startswith("warning: ")
    return line, up


def recorded(stack: SandboxStack) -> dict[str, dict[str, Any]]:
    """What its state says of each resource, but for where in the program it comes from."""
    found: list[dict[str, Any]] = stack.export()["deployment"]["resources"]
    left_out = ("modified", "sourcePosition", "stackTrace")
    return {one["urn"]: {key: value for key, value in one.items() if key not in left_out} for one in found}


@pytest.mark.usefixtures("users")
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


def test_a_replacement_of_the_cluster_is_announced_in_one_line_with_what_users_lose(
    stack: SandboxStack, users: Users
) -> None:
    users.namespace("shop")
    users.expose("front", "shop")
    address = stack.up().outputs["ingress_ip"].value
    configure(stack, level="pro")
    line, up = announced(stack, "the cluster is replaced")

    assert "(level starter → pro): the address of its API changes, and" in line
    assert "also 1 load balancer of users' Services and 0 volumes" in line
    assert up.outputs["ingress_ip"].value == address
