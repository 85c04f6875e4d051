"""One paper sandbox per test module."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runner.stack import SandboxStack
from sandbox.sandbox import Sandbox
from tests.engine.faults.account import Account
from tests.engine.paper.sandbox import on_paper, stacks_on_paper


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with on_paper(tmp_path_factory.mktemp("paper")) as running:
        yield running


@pytest.fixture(scope="module")
def account(sandbox: Sandbox) -> Account:
    return Account(sandbox)


@pytest.fixture(scope="module")
def make_stack(sandbox: Sandbox, charts: Callable[[str], Path]) -> Callable[..., SandboxStack]:
    return stacks_on_paper(sandbox, charts)
