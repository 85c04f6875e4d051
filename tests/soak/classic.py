"""The classic way: our program with an NLB that the cluster makes, and a teardown that does nothing."""

import secrets

from sandbox.plugins.properties import UNKNOWN, Properties
from sandbox.plugins.provider import (
    CheckRequest,
    CheckResult,
    ConfigureRequest,
    Context,
    CreateRequest,
    CreateResult,
    DeleteRequest,
    DiffRequest,
    DiffResult,
    Features,
    Provider,
    ReadRequest,
    ReadResult,
    UpdateRequest,
)

_STACK_ID = {"stackId": "c1a551c", "organizationId": "", "organizationName": ""}


class NoTeardown(Provider[None]):
    """Takes the place of our provider: every step, drains and sweeps alike, is on record and does nothing."""

    package = "exoscale-teardown"
    version = "1.0.0"
    features = Features(accept_secrets=True, accept_resources=True, accept_outputs=True)

    def configure(self, context: Context[None], request: ConfigureRequest) -> None:
        return None

    def check(self, context: Context[None], request: CheckRequest) -> CheckResult:
        return CheckResult(request.news)

    def diff(self, context: Context[None], request: DiffRequest) -> DiffResult:
        changed = [key for key, value in request.news.items() if request.olds.get(key) != value]
        return DiffResult(bool(changed), changed, [])

    def create(self, context: Context[None], request: CreateRequest) -> CreateResult:
        outputs: Properties = dict(_STACK_ID) if request.urn.split("::")[2].endswith(":StackId") else {}
        if request.preview:
            return CreateResult("", {**request.inputs, **dict.fromkeys(outputs, UNKNOWN)})
        return CreateResult(secrets.token_hex(8), {**request.inputs, **outputs})

    def read(self, context: Context[None], request: ReadRequest) -> ReadResult:
        return ReadResult(request.id, request.properties, request.inputs)

    def update(self, context: Context[None], request: UpdateRequest) -> Properties:
        return {**request.olds, **request.news}

    def delete(self, context: Context[None], request: DeleteRequest) -> None:
        return None
