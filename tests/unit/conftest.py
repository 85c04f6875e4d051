"""The program under mocks: no engine, no network. What reaches the monitor is kept, options included."""

import asyncio
import json
import runpy
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml
from google.protobuf.json_format import MessageToDict
from pulumi.runtime import mocks, rpc
from pulumi.runtime.proto import resource_pb2, source_pb2

from components.steps import PACKAGE
from components.teardown.machine_counts import foreseen
from configuration.settings import load

PROJECT = Path(__file__).parents[2]
PROJECT_FILE: dict[str, Any] = yaml.safe_load((PROJECT / "Pulumi.yaml").read_text())
NAME: str = PROJECT_FILE["name"]
SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}  # docs/plugins.md, Engine
STACK = "::pulumi:pulumi:Stack::"
CLIENT_KEY = "a2V5IG9mIGEgY2VydGlmaWNhdGU="
KUBECONFIG = f"""\
clusters: [{{name: c, cluster: {{server: https://cluster.sks-ch-gva-2.exo.io:443, certificate-authority-data: Q0E=}}}}]
users: [{{name: kubernetes-admin, user: {{client-certificate-data: Q0VSVA==, client-key-data: {CLIENT_KEY}}}}}]
contexts: [{{name: kubernetes-admin@c, context: {{cluster: c, user: kubernetes-admin}}}}]
current-context: kubernetes-admin@c
"""
STACK_ID = "5fac1d000001"
ORGANIZATION = "0a1b2c3d-0000-4000-8000-000000000001"

# What the cloud and the plugins would answer beside the inputs.
ANSWERS: dict[str, dict[str, Any]] = {
    "exoscale:index/sksCluster:SksCluster": {"endpoint": "cluster.sks-ch-gva-2.exo.io"},
    "exoscale:index/sksNodepool:SksNodepool": {"instancePoolId": "the-instance-pool"},
    "exoscale:index/sksKubeconfig:SksKubeconfig": {"kubeconfig": KUBECONFIG},
    "exoscale:index/nlb:Nlb": {"ipAddress": "198.51.100.7"},
    "command:local:Command": {"stdout": KUBECONFIG},
    "exoscale-teardown:index:StackId": {
        "stackId": STACK_ID,
        "organizationId": ORGANIZATION,
        "organizationName": "acme",
    },
    "kubernetes:helm.sh/v3:Release": {
        "resourceNames": {"Service/v1": ["ingress/ingress-controller-admission", "ingress/ingress-controller"]}
    },
    "kubernetes:core/v1:Service": {"status": {"loadBalancer": {"ingress": [{"ip": "198.51.100.8"}]}}},
}


@dataclass
class Registration:
    """One resource as the program registered it."""

    urn: str
    request: resource_pb2.RegisterResourceRequest

    @property
    def type(self) -> str:
        return self.request.type

    @property
    def inputs(self) -> dict[str, Any]:
        """Inputs without the wrapping of secrets."""
        inputs: dict[str, Any] = plain(MessageToDict(self.request.object))
        return inputs

    @property
    def leans_on(self) -> set[str]:
        """URNs that have to outlive it, by the engine's rules: dependencies, parent and provider."""
        request = self.request
        by_property = (urn for values in request.propertyDependencies.values() for urn in values.urns)
        provider = [request.provider.rpartition("::")[0]] if request.provider else []
        return {*request.dependencies, *by_property, *provider, *([request.parent] if request.parent else [])}


@dataclass
class World(mocks.Mocks):
    """What a program did: its registrations by URN, the outputs of components and stack, and what it logged.

    `recorded` is what the state of the last `up` says: outputs by the type of the one resource that has it.
    """

    preview: bool = False
    registrations: dict[str, Registration] = field(default_factory=dict)
    reads: list[resource_pb2.ReadResourceRequest] = field(default_factory=list)
    outputs: list[resource_pb2.RegisterResourceOutputsRequest] = field(default_factory=list)
    exports: dict[str, Any] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    recorded: dict[str, Any] = field(default_factory=dict)

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        if args.typ == "exoscale-teardown:index:Machines":
            return f"{args.name}-id", {**args.inputs, "machines": foreseen(args.inputs["pools"], {})}
        if args.typ == "exoscale-teardown:index:DnsRecords":
            return f"{args.name}-id", {**args.inputs, "records": dict.fromkeys(args.inputs["names"], "its-id")}
        return f"{args.name}-id", {**args.inputs, **ANSWERS.get(args.typ, {})}

    def debug(self, message: str) -> None: ...
    def info(self, message: str) -> None: ...

    def warning(self, message: str) -> None:
        self.warnings.append(message)

    def error(self, message: str) -> None:
        raise AssertionError(message)

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        assert args.token == "pulumi:pulumi:readStackResourceOutputs", f"the program calls {args.token}"
        said = {f"urn::{type_}": {"type": type_, "outputs": outputs} for type_, outputs in self.recorded.items()}
        return {"outputs": said if args.args == {"stackName": f"an-organization/{NAME}/dev"} else {}}, []

    def of(self, kind: str) -> list[Registration]:
        """Registrations whose type ends in this."""
        return [item for item in self.registrations.values() if f":{item.type}".endswith(f":{kind}")]

    def one(self, kind: str) -> Registration:
        (item,) = self.of(kind)
        return item

    def step(self, kind: str) -> Registration:
        """The one resource of our own provider of this kind."""
        return self.one(f"{PACKAGE}:index:{kind}")

    def leans_on(self, urn: str) -> set[str]:
        """Everything that has to outlive it, over any number of steps."""
        found: set[str] = set()
        waiting = [urn]
        while waiting:
            item = self.registrations.get(waiting.pop())
            new = (item.leans_on if item else set()) - found
            found |= new
            waiting += new
        return found


class Monitor(mocks.MockMonitor):
    """Keeps every request: mocks are not told about options."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.world = world

    def RegisterResource(self, request: resource_pb2.RegisterResourceRequest) -> Any:
        answer = super().RegisterResource(request)
        if request.type != "pulumi:pulumi:Stack":
            if answer.urn in self.world.registrations:
                raise AssertionError(f"registered twice: {answer.urn}")
            self.world.registrations[answer.urn] = Registration(answer.urn, request)
        return answer

    def ReadResource(self, request: resource_pb2.ReadResourceRequest) -> Any:
        self.world.reads.append(request)
        return super().ReadResource(request)

    def RegisterResourceOutputs(self, request: resource_pb2.RegisterResourceOutputsRequest) -> Any:
        if STACK not in request.urn:  # the root's, which the first program of a process registers
            self.world.outputs.append(request)
        return super().RegisterResourceOutputs(request)


def plain(value: Any) -> Any:
    """A value without the wrapping of secrets."""
    if isinstance(value, dict):
        return plain(value["value"]) if SECRET.items() <= value.items() else {k: plain(v) for k, v in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


def without_secrets(value: Any) -> Any:
    """A value with each secret blotted out: what a state file or a log would show in clear."""
    if isinstance(value, dict):
        return "[secret]" if SECRET.items() <= value.items() else {k: without_secrets(v) for k, v in value.items()}
    return [without_secrets(item) for item in value] if isinstance(value, list) else value


def configure(config: Mapping[str, Any], stack: str = "dev", world: World | None = None, project: str = NAME) -> World:
    """Sets the mocks up, and the configuration as the engine hands it over: defaults filled in, objects as JSON.

    Args:
        config: settings that differ from the defaults, by key (`zone`); a key with a colon is taken as it is.
        stack: the stack's name.
        world: what records the run.
        project: the project's name.
    """
    world = world or World()
    defaults = {key: declared["default"] for key, declared in PROJECT_FILE["config"].items() if "default" in declared}
    full = {key if ":" in key else f"{project}:{key}": value for key, value in {**defaults, **config}.items()}
    pulumi.runtime.set_all_config({k: v if isinstance(v, str) else json.dumps(v) for k, v in full.items()})
    asyncio.set_event_loop(_loop())  # which Python 3.12 and later do not make by themselves
    monitor = Monitor(world)
    mocks.set_mocks(world, project, stack, world.preview, logger=world, monitor=monitor, organization="an-organization")
    return world


def problems(config: Mapping[str, Any], stack: str = "dev", project: str = NAME) -> list[str]:
    """The lines that these settings are refused with."""
    configure(config, stack, project=project)
    with pytest.raises(pulumi.RunError) as refusal:
        load()
    return str(refusal.value).splitlines()


@cache
def _loop() -> asyncio.AbstractEventLoop:
    return asyncio.new_event_loop()


def execute(program: Callable[[], Any], world: World) -> World:
    """Runs a program to its end, outstanding registrations included."""

    root: Any = pulumi.runtime.get_root_resource()

    async def exports() -> None:
        world.exports = MessageToDict(await rpc.serialize_properties(root.outputs, {}))

    @pulumi.runtime.test
    def run() -> Awaitable[None]:
        root.outputs.clear()
        root._transformations.clear()  # one root for all tests
        program()
        return exports()

    run()
    return world


def main() -> None:
    """The program itself."""
    runpy.run_path(str(PROJECT / "__main__.py"), run_name="__main__")


Run = Callable[..., World]


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Runs the program with these settings, once however many tests look at what it did; its kubeconfig goes to a
    temporary folder."""
    file = str(tmp_path_factory.mktemp("kube") / "dev.yaml")
    worlds: dict[str, World] = {}

    def run(config: Mapping[str, Any] | None = None, stack: str = "dev", preview: bool = False) -> World:
        chosen = {"kubeconfig": {"file": file}, **(config or {})}
        key = json.dumps([chosen, stack, preview])
        if key not in worlds:
            worlds[key] = execute(main, configure(chosen, stack, World(preview)))
        return worlds[key]

    return run


@pytest.fixture(scope="session", autouse=True)
def _no_stack_traces() -> Iterator[None]:
    """Nobody looks at where in the source a resource was registered, and finding out is a fifth of a run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pulumi.runtime.resource._get_stack_trace", source_pb2.StackTrace)
        yield


@pytest.fixture(autouse=True)
def _api_key(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("EXOSCALE_API_KEY", "EXOSCALE_API_SECRET", "EXOSCALE_KEY", "EXOSCALE_SECRET"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("EXOSCALE_API_KEY", "EXO-of-the-tests")
    monkeypatch.setenv("EXOSCALE_API_SECRET", "secret-of-the-tests")
