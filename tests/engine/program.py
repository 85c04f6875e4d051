"""Our program with a refactoring that its author did not tell Pulumi of."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pulumi
import pytest

from components.steps import PACKAGE


@contextmanager
def renamed(kind: str) -> Iterator[None]:
    """While the block runs, the program's step of this type has another name."""
    init: Any = pulumi.CustomResource.__init__

    def with_another_name(self: pulumi.CustomResource, t: str, name: str, *rest: Any, **options: Any) -> None:
        init(self, t, f"{name}-renamed" if t == f"{PACKAGE}:index:{kind}" else name, *rest, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pulumi.CustomResource, "__init__", with_another_name)
        yield
