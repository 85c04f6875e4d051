"""The stand-in for the pulumi-exoscale 0.66.1 plugin: one engine for all of its resources."""

from collections.abc import Iterable
from typing import NoReturn

from sandbox.plugins.exoscale import (
    anti_affinity_group,
    config,
    domain_record,
    get_domain,
    nlb,
    nlb_service,
    security_group,
    security_group_rule,
    sks_cluster,
    sks_kubeconfig,
    sks_nodepool,
)
from sandbox.plugins.exoscale.clients import Clients
from sandbox.plugins.exoscale.config import Account
from sandbox.plugins.exoscale.differences import diff
from sandbox.plugins.exoscale.errors import CloudError, multierror
from sandbox.plugins.exoscale.imports import parse
from sandbox.plugins.exoscale.inputs import check, missing
from sandbox.plugins.exoscale.schema import DEFAULTS, TIMEOUT_SECONDS, Function, Resource
from sandbox.plugins.exoscale.state import outputs
from sandbox.plugins.properties import UNKNOWN, Properties, plain
from sandbox.plugins.provider import (
    CheckFailure,
    CheckRequest,
    CheckResult,
    ConfigRequest,
    ConfigureRequest,
    Context,
    CreateRequest,
    CreateResult,
    DeleteRequest,
    DiffRequest,
    DiffResult,
    Features,
    InitFailed,
    InvokeRequest,
    InvokeResult,
    Provider,
    ProviderError,
    ReadRequest,
    ReadResult,
    Severity,
    UpdateRequest,
    configured,
)
from sandbox.plugins.timing import Timing

# Private networks, elastic IPs, volumes and IAM: one module and one line here each.
RESOURCES: dict[str, Resource] = {
    module.RESOURCE.type: module.RESOURCE
    for module in (
        anti_affinity_group,
        domain_record,
        nlb,
        nlb_service,
        security_group,
        security_group_rule,
        sks_cluster,
        sks_kubeconfig,
        sks_nodepool,
    )
}
FUNCTIONS: dict[str, Function] = {module.FUNCTION.token: module.FUNCTION for module in (get_domain,)}


class ExoscaleProvider(Provider[Account]):
    """Makes the real plugin's calls to the sandbox's API, in the same order.

    Cancel does nothing and running calls go on, as in the real one.

    Args:
        timing: its pauses.
    """

    package = "exoscale"
    version = "0.66.1"
    features = Features(supports_preview=True, supports_autonaming_configuration=True)

    def __init__(self, timing: Timing | None = None) -> None:
        self._timing = timing or Timing()

    def check_config(self, context: Context[Account], request: ConfigRequest) -> CheckResult:
        name = request.urn.rsplit("::", 1)[-1]
        return config.check(name, request.news, context.surroundings.environment)

    def configure(self, context: Context[Account], request: ConfigureRequest) -> Account:
        return config.account(request.args, context.surroundings.environment, self._timing)

    def check(self, context: Context[Account], request: CheckRequest) -> CheckResult:
        return check(_resource(request.type), request)

    def diff(self, context: Context[Account], request: DiffRequest) -> DiffResult:
        try:
            return diff(_resource(request.type), request)
        except CloudError as error:
            raise ProviderError(f"diffing {request.urn}: {multierror(str(error))}") from None

    def create(self, context: Context[Account], request: CreateRequest) -> CreateResult:
        resource = _resource(request.type)
        inputs = _without_defaults(plain(request.inputs))
        if request.preview:
            unset = [key for key, spec in resource.inputs.items() if spec.computed and key not in inputs]
            unknown = dict.fromkeys((*resource.outputs, *unset), UNKNOWN)
            return CreateResult("", inputs | unknown | dict(resource.foretold))
        clients = _account(context).until(request.timeout or TIMEOUT_SECONDS)
        try:
            id_, made = resource.create(clients, inputs)
        except CloudError as error:
            raise ProviderError(multierror(str(error))) from None
        known = inputs | made
        try:
            live = resource.read(clients, id_, known)
        except CloudError as error:
            saved = outputs(resource, id_, known, create=request.timeout)
            _partial(id_, saved, f"creating {request.urn}", error)
        if live is None:  # deleted by somebody between the two calls
            raise ProviderError(multierror(f"{request.type} {id_} is gone after its creation"))
        return CreateResult(id_, outputs(resource, id_, known | live, create=request.timeout))

    def read(self, context: Context[Account], request: ReadRequest) -> ReadResult:
        resource = _resource(request.type)
        importing = not request.properties
        clients = _account(context).until(request.timeout or TIMEOUT_SECONDS)
        id_, known = parse(resource, request.id) if importing else (request.id, plain(request.properties))
        try:
            live = (resource.refresh or resource.read)(clients, id_, known)
        except CloudError as error:
            raise ProviderError(f"refreshing {request.urn}: {multierror(str(error))}") from None
        if live is None:
            return ReadResult("")
        state = outputs(resource, id_, known | live, known)
        keys = resource.inputs if importing else [key for key in request.inputs if key in resource.inputs]
        inputs = _live_inputs(resource, keys, request.inputs, state)
        return ReadResult(id_, state, inputs | {DEFAULTS: request.inputs.get(DEFAULTS, [])})

    def update(self, context: Context[Account], request: UpdateRequest) -> Properties:
        resource = _resource(request.type)
        edit = resource.edit(plain(request.olds), _without_defaults(plain(request.news)))
        if request.preview:
            return outputs(resource, request.id, edit.new, update=request.timeout)
        if request.timeout and not resource.update_timeout:
            text = f"Resource does not support customTimeouts, ignoring: update={request.timeout:g}"
            context.log(Severity.WARNING, text, request.urn)
        clients = self._clients(context, resource, request.timeout if resource.update_timeout else 0)
        try:
            if resource.update is None:
                raise CloudError("doesn't support update")
            resource.update(clients, request.id, edit)
            live = resource.read(clients, request.id, edit.new)
        except CloudError as error:
            # The state takes the new values though the cloud has the old ones: the next up sees no difference, its
            # empty update reads the truth back, and only the one after that tries again.
            saved = outputs(resource, request.id, edit.new, update=request.timeout)
            _partial(request.id, saved, f"updating {request.urn}", error)
        if live is None:
            raise ProviderError(f"updating {request.urn}: {multierror(f'{request.type} {request.id} is gone')}")
        return outputs(resource, request.id, edit.new | live, update=request.timeout)

    def delete(self, context: Context[Account], request: DeleteRequest) -> None:
        resource = _resource(request.type)
        clients = self._clients(context, resource, request.timeout)
        try:
            resource.delete(clients, request.id, plain(request.properties))
        except CloudError as error:
            raise ProviderError(f"deleting {request.urn}: {multierror(str(error))}") from None

    def invoke(self, context: Context[Account], request: InvokeRequest) -> InvokeResult:
        function = FUNCTIONS.get(request.token)
        if function is None:
            return super().invoke(context, request)
        arguments = plain(request.args)
        absent = [missing(name) for name in function.required if arguments.get(name) is None]
        if absent:
            return InvokeResult({}, [CheckFailure("", reason) for reason in absent])
        try:
            return InvokeResult(function.call(_account(context).until(TIMEOUT_SECONDS), arguments))
        except CloudError as error:
            raise ProviderError(f"invoking {request.token}: {multierror(str(error))}") from None

    def _clients(self, context: Context[Account], resource: Resource, timeout: float) -> Clients:
        honoured = timeout if resource.own_timeouts else 0
        return _account(context).until(honoured or TIMEOUT_SECONDS)


def _resource(type_: str) -> Resource:
    try:
        return RESOURCES[type_]
    except KeyError:
        raise ProviderError(f"the sandbox's exoscale plugin does not know the resource type {type_}") from None


def _account(context: Context[Account]) -> Account:
    account: Account = configured(context)
    return account


def _partial(id_: str, properties: Properties, doing: str, error: CloudError) -> NoReturn:
    text = f"{doing}: {multierror(str(error))}"
    raise InitFailed(id_, properties, [text], text=text) from None


def _without_defaults(inputs: Properties) -> Properties:
    return {key: value for key, value in inputs.items() if key != DEFAULTS}


def _live_inputs(resource: Resource, keys: Iterable[str], old: Properties, state: Properties) -> Properties:
    """Returns inputs that would produce the live object, in the program's own spelling where that means the same."""
    inputs = {}
    for key in keys:
        spec = resource.inputs[key]
        live = state.get(key)
        if key in old and spec.comparable(old[key]) == spec.comparable(live):
            inputs[key] = old[key]
        elif spec.comparable(live) is not None:
            inputs[key] = live
    return inputs
