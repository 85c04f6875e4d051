"""An inline program ends as one that Pulumi's language host ran: what went wrong is said once."""

from typing import Any

from pulumi.automation import _stack
from pulumi.automation._server import LanguageServer
from pulumi.runtime.proto import language_pb2


class Language(LanguageServer):
    """The Automation API's. That one logs a failure and answers with it too, which the engine calls unhandled."""

    def Run(self, request: language_pb2.RunRequest, context: Any) -> language_pb2.RunResponse:
        """Runs the program; `bail` says that the user knows already."""
        answer = super().Run(request, context)  # type: ignore[no-untyped-call]
        return language_pb2.RunResponse(bail=True) if answer.error else answer


def install() -> None:
    """Has every stack of this process use it. The Automation API has no place to pass one."""
    _stack.LanguageServer = Language  # type: ignore[attr-defined]
