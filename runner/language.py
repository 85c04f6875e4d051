"""Makes an inline program fail like one run by Pulumi's language host: the error is printed once."""

from typing import Any

from pulumi.automation import _stack
from pulumi.automation._server import LanguageServer
from pulumi.runtime.proto import language_pb2


class Language(LanguageServer):
    """The Automation API's server, which logs a failure and also returns it, so that the engine calls it unhandled."""

    def Run(self, request: language_pb2.RunRequest, context: Any) -> language_pb2.RunResponse:
        """Runs the program; `bail` tells the engine that the user has seen the error."""
        answer = super().Run(request, context)  # type: ignore[no-untyped-call]
        return language_pb2.RunResponse(bail=True) if answer.error else answer


def install() -> None:
    """Makes every stack of this process use this server. The Automation API has no parameter for it."""
    _stack.LanguageServer = Language  # type: ignore[attr-defined]
