"""The engine's calls so far in this run: enough to tell how far it got when it is cancelled."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

from .values import Values

Operation = Literal["create", "update", "delete"]


@dataclass(frozen=True)
class Unfinished:
    """Work that a run leaves undone.

    Args:
        values: inputs or state of one of the stack's resources; None if the engine has sent none.
        is_cancelled: whether the user certainly stopped the run; otherwise a step of another provider may have failed.
        is_destroy: whether the run was meant to delete the whole stack.
    """

    values: Values | None
    is_cancelled: bool
    is_destroy: bool

    def told(self, left: str = "") -> str:
        """Returns the text for the user.

        Args:
            left: what still runs and what it costs, if that is known.
        """
        what = "cancelled" if self.is_cancelled else "cancelled, or failed,"
        what += " before the stack was gone" if self.is_destroy else " before all was done"
        onwards = (
            "`pulumi destroy` again, whatever Pulumi says below"
            if self.is_destroy
            else "`pulumi up` or `pulumi destroy`"
        )
        return f"{what}{'; ' if left else ''}{left}. Next: {onwards}"


@dataclass
class Run:
    """The operations of one engine, which starts a provider for each run.

    One Ctrl-C in a `pulumi destroy` ends it as a success, whatever is left: the engine finishes the step, starts no
    other and reports no error (v3.259.0, `pkg/resource/deploy/deployment_executor.go`, `performPostSteps`). So the
    provider has to report what was not finished. The engine also calls `Cancel` when it closes its providers at the end
    of any run (`pkg/host/host.go`), so that call alone proves nothing. An operation that still runs proves a cancel,
    because the engine waits for all of them before it ends by itself; so does an engine that goes on after the call.
    """

    registered: dict[str, Values] = field(default_factory=dict)
    """Inputs of the program's resources by URN; empty in a plain destroy, which runs no program."""
    _running: list[Values] = field(default_factory=list)
    _deleted: list[Values] = field(default_factory=list)
    _is_over: bool = False

    @contextmanager
    def operation(self, kind: Operation, values: Values, is_last: bool = False) -> Iterator[None]:
        """Notes that an operation runs.

        Args:
            values: the resource's inputs or state.
            is_last: whether it is the last operation of a destroy.
        """
        self._running.append(values)
        try:
            yield
            if kind == "delete":
                self._deleted.append(values)
                self._is_over = self._is_over or is_last
        except BaseException:
            self._is_over = True  # the operation's error says what to do
            raise
        finally:
            self._running.remove(values)

    @property
    def unfinished(self) -> Unfinished | None:
        """Returns what is undone if the run ends now; None if nothing is, or if the run fails anyway.

        A plain destroy that has deleted none of our resources yet looks like a preview of one: it has no values.
        """
        is_destroy = not self.registered
        if self._running:
            return Unfinished(self._running[-1], True, is_destroy)
        if is_destroy and not self._is_over:
            return Unfinished(self._deleted[-1] if self._deleted else None, False, is_destroy)
        return None
