"""The interface of a provider plugin: the engine's calls as typed requests and answers.

A plugin is a subclass of `Provider`; `sandbox.plugins.servicer` puts it on the wire.
"""

import os
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from threading import Event
from typing import Any, Generic, Protocol, TypeVar

from sandbox.plugins.autonaming import Autonaming
from sandbox.plugins.properties import Properties

Configuration = TypeVar("Configuration")


class ProviderError(Exception):
    """A call failed. The engine prints the text under the resource and saves nothing new."""


class InitFailed(ProviderError):
    """The object exists but is not in the requested state: the engine saves it with `reasons` as its initErrors.

    Only create, update and read may raise it; an Update follows at the next up, even without a diff.
    """

    def __init__(
        self, id: str, properties: Properties, reasons: list[str], inputs: Properties | None = None, text: str = ""
    ) -> None:
        super().__init__(text or "; ".join(reasons))
        self.id = id
        self.properties = properties
        self.reasons = reasons
        self.inputs = inputs


class Severity(Enum):
    """How the engine shows a message; the values are those of the protocol."""

    DEBUG = 0
    INFO = 1
    WARNING = 2
    ERROR = 3


class Log(Protocol):
    """Shows a message to the user of the engine.

    Args:
        urn: the resource it belongs to, or empty.
        ephemeral: shown only while the resource is worked on, not in the closing diagnostics.
    """

    def __call__(self, severity: Severity, message: str, urn: str = "", ephemeral: bool = False) -> None: ...


@dataclass(frozen=True)
class Surroundings:
    """The engine's surroundings: a real plugin inherits them, a stand-in gets them here (docs/plugins.md, Commands)."""

    directory: Path = field(default_factory=Path.cwd)
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)


@dataclass(frozen=True)
class Context(Generic[Configuration]):
    """Around a call: the connection it came in by.

    Attributes:
        configuration: what `configure` returned on this connection, or on the last one that was configured;
            None when there was none.
        cancelled: set when the engine cancels this connection (Ctrl-C, or its end).
        surroundings: the program's folder and the environment.
    """

    configuration: Configuration | None
    log: Log
    cancelled: Event = field(default_factory=Event)
    surroundings: Surroundings = field(default_factory=Surroundings)


@dataclass(frozen=True)
class CheckFailure:
    """One reason why inputs are refused; `property` may be empty."""

    property: str
    reason: str


@dataclass(frozen=True)
class CheckResult:
    """The inputs with their defaults, or the reasons to refuse them."""

    inputs: Properties
    failures: list[CheckFailure] = field(default_factory=list)


@dataclass(frozen=True)
class ConfigRequest:
    """CheckConfig (`olds` and `news` are inputs) and DiffConfig (`olds` are the old outputs)."""

    urn: str
    olds: Properties
    news: Properties
    old_inputs: Properties = field(default_factory=dict)
    ignore_changes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class ConfigureRequest:
    """`args` are the provider's inputs; `variables` the same as text, keyed `<package>:config:<key>`."""

    urn: str
    args: Properties
    variables: dict[str, str]


@dataclass(frozen=True)
class Features:
    """The provider's promises to the engine in its answer to Configure."""

    accept_secrets: bool = False
    accept_resources: bool = False
    accept_outputs: bool = False
    supports_preview: bool = True
    supports_autonaming_configuration: bool = False


@dataclass(frozen=True)
class CheckRequest:
    """`seed` feeds generated names; `olds` are the old inputs, empty for a new resource or a replacement."""

    urn: str
    type: str
    name: str
    olds: Properties
    news: Properties
    seed: bytes = b""
    autonaming: Autonaming | None = None


@dataclass(frozen=True)
class DiffRequest:
    """`olds` are the old outputs, `news` the checked inputs."""

    id: str
    urn: str
    type: str
    name: str
    olds: Properties
    old_inputs: Properties
    news: Properties
    ignore_changes: list[str] = field(default_factory=list)


class Change(Enum):
    """Kind of one property's change; the values are those of the protocol."""

    ADD = 0
    ADD_REPLACE = 1
    DELETE = 2
    DELETE_REPLACE = 3
    UPDATE = 4
    UPDATE_REPLACE = 5


@dataclass(frozen=True)
class DiffResult:
    """The differences. If `changed` is None, the engine compares the inputs itself.

    Attributes:
        diffs, replaces, stables: top-level keys.
        detailed: by property path, or None where the plugin gives no detailed diff.
    """

    changed: bool | None
    diffs: list[str] = field(default_factory=list)
    replaces: list[str] = field(default_factory=list)
    stables: list[str] = field(default_factory=list)
    detailed: dict[str, Change] | None = None
    delete_before_replace: bool = False


@dataclass(frozen=True)
class CreateRequest:
    """`timeout` is the customTimeouts value in seconds, 0 for none."""

    urn: str
    type: str
    name: str
    inputs: Properties
    timeout: float = 0
    preview: bool = False


@dataclass(frozen=True)
class CreateResult:
    """`id` may be empty in a preview only."""

    id: str
    properties: Properties


@dataclass(frozen=True)
class ReadRequest:
    """`properties` are the known outputs, empty for an import."""

    id: str
    urn: str
    type: str
    name: str
    properties: Properties
    inputs: Properties
    timeout: float = 0


@dataclass(frozen=True)
class ReadResult:
    """The live object; an empty `id` means that it is gone."""

    id: str
    properties: Properties = field(default_factory=dict)
    inputs: Properties | None = None


@dataclass(frozen=True)
class UpdateRequest:
    """`olds` are the old outputs, `news` the checked inputs; `timeout` as in CreateRequest."""

    id: str
    urn: str
    type: str
    name: str
    olds: Properties
    old_inputs: Properties
    news: Properties
    timeout: float = 0
    preview: bool = False
    ignore_changes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class DeleteRequest:
    """`properties` are the old outputs; `timeout` as in CreateRequest."""

    id: str
    urn: str
    type: str
    name: str
    properties: Properties
    old_inputs: Properties
    timeout: float = 0


@dataclass(frozen=True)
class InvokeRequest:
    """A call of a function (a data source)."""

    token: str
    args: Properties
    preview: bool = False


@dataclass(frozen=True)
class InvokeResult:
    """The function's result, or the reasons to refuse its arguments."""

    value: Properties
    failures: list[CheckFailure] = field(default_factory=list)


class Provider(ABC, Generic[Configuration]):
    """One plugin. Calls arrive on many threads at once, from several engines and provider instances.

    Attributes:
        package: as in the type tokens, e.g. `exoscale`.
        version: of the real plugin, which the engine compares with the one that the SDK asks for.
        features: the flags of its answer to Configure.

    Every method may raise ProviderError.
    """

    package: str
    version: str
    features: Features = Features()

    def check_config(self, context: Context[Configuration], request: ConfigRequest) -> CheckResult:
        """Validates the provider's own inputs."""
        return CheckResult(request.news)

    def diff_config(self, context: Context[Configuration], request: ConfigRequest) -> DiffResult:
        """Says whether changed inputs replace the provider, and so all its resources."""
        changed = sorted(k for k in {*request.olds, *request.news} if request.olds.get(k) != request.news.get(k))
        return DiffResult(changed=bool(changed), diffs=changed)

    @abstractmethod
    def configure(self, context: Context[Configuration], request: ConfigureRequest) -> Configuration:
        """The configuration for all further calls of this connection."""

    @abstractmethod
    def check(self, context: Context[Configuration], request: CheckRequest) -> CheckResult:
        """Validates a resource's inputs and fills in their defaults."""

    @abstractmethod
    def diff(self, context: Context[Configuration], request: DiffRequest) -> DiffResult:
        """Compares state and inputs."""

    @abstractmethod
    def create(self, context: Context[Configuration], request: CreateRequest) -> CreateResult:
        """Creates the object; in a preview, predicts it, with UNKNOWN for unknown values."""

    @abstractmethod
    def read(self, context: Context[Configuration], request: ReadRequest) -> ReadResult:
        """Reads the live object."""

    @abstractmethod
    def update(self, context: Context[Configuration], request: UpdateRequest) -> Properties:
        """Updates in place and returns the new outputs."""

    @abstractmethod
    def delete(self, context: Context[Configuration], request: DeleteRequest) -> None:
        """Deletes."""

    def invoke(self, context: Context[Configuration], request: InvokeRequest) -> InvokeResult:
        """Calls a function."""
        raise ProviderError(f"unknown function {request.token}")

    def cancel(self, context: Context[Configuration]) -> None:
        """The engine is done with this connection, or the user pressed Ctrl-C; `context.cancelled` is set.

        Calls of other connections go on, and so does the server.
        """


def configured(context: Context[Any]) -> Any:
    """The context's configuration.

    Raises:
        ProviderError: no connection was configured yet.
    """
    if context.configuration is None:
        raise ProviderError("the provider is not configured")
    return context.configuration
