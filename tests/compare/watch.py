"""What a client asked of the sandbox's API, and how it was answered."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from unittest.mock import patch

from starlette.requests import Request
from starlette.responses import JSONResponse

from sandbox.api.gateway import Gateway
from sandbox.api.openapi import official

NOT_SIMULATED = 501


@dataclass
class Asked:
    """The calls of one client.

    Attributes:
        calls: how many there were, polls of operations included.
        missing: the operations that were answered 501.
        bugs: the operations in which the sandbox itself broke.
    """

    calls: int = 0
    missing: Counter[str] = field(default_factory=Counter)
    bugs: Counter[str] = field(default_factory=Counter)

    def note(self, operation: str, status: int) -> None:
        """Takes in one answer."""
        self.calls += 1
        if status == NOT_SIMULATED:
            self.missing[operation] += 1
        elif status == 500:
            self.bugs[operation] += 1


@contextmanager
def watched() -> Iterator[Asked]:
    """Notes every call of every sandbox in this process."""
    asked, respond = Asked(), Gateway.respond

    async def noting(gateway: Gateway, request: Request) -> JSONResponse:
        answer = await respond(gateway, request)
        path = request.scope["raw_path"].decode("latin-1").rpartition("/v2")[2]
        found = official().match(request.method, path)
        asked.note(found[0].id if found else f"{request.method} {path}", answer.status_code)
        return answer

    with patch.object(Gateway, "respond", noting):
        yield asked
