"""A table of cases: a function puts a thing into an account; what it is to us, and why, stands above it."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from components.teardown.cloud.resource import Verdict
from tests.teardown.paper import OURS, PaperAccount, found

Make = Callable[[PaperAccount], "str | tuple[str, dict[str, Any]]"]
"""Gives the thing's id, with what `Evidence` has beside the account."""

_IDS = re.compile(r"\b(?:cluster|nodepool|pool|instance|nlb|volume|snapshot)-\d+\b")


class Table:
    """Cases, for `pytest.mark.parametrize`."""

    def __init__(self) -> None:
        self.cases: list[Any] = []

    def case(self, verdict: Verdict, proof: str = "") -> Callable[[Make], Make]:
        """Adds one. In the proof, `*` stands for an id, and each owner of several is named."""

        def add(make: Make) -> Make:
            self.cases.append(pytest.param(make, verdict, proof, id=make.__name__))
            return make

        return add


def judged(make: Make) -> tuple[Verdict, str]:
    """What our stack is told of the thing that a case makes."""
    account = PaperAccount()
    made = make(account)
    id_, evidence = made if isinstance(made, tuple) else (made, {})
    item = found(account, **evidence)[id_]
    return item.verdict(OURS), _IDS.sub("*", item.proof)
