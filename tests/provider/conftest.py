"""The provider, served in this process, as an engine sees it: over its RPCs and in what it logs."""

import asyncio
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2
from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, provider_pb2, provider_pb2_grpc

from components.provider.progress import EngineLog
from components.provider.server import TeardownProvider, start
from components.teardown.changes import Chosen
from components.teardown.cloud_drain import DrainTarget
from components.teardown.dns_records import Wanted
from components.teardown.errors import TeardownError
from components.teardown.steps import DRAIN, StackIdentity
from components.teardown.subject import Subject

WHO = {"project": "shop", "stack": "dev", "owner": "jane", "zone": "ch-gva-2"}
SUBJECT = Subject("shop", "dev", "jane", "ch-gva-2", "5fac1d000001", "org-1", "acme")
WHOSE = {**WHO, "stackId": "5fac1d000001", "organizationId": "org-1", "organizationName": "acme"}
CHOSEN = Chosen("ch-gva-2", "starter", "calico", protect=False, nodepools={"default": 2})
POOL = {"instancePoolId": "pool-1", "instanceType": "standard.small", "diskSizeGb": 20, "size": 2, "bounds": ""}
MACHINES = {"web": [{"instanceType": "standard.small", "diskSizeGb": 20, "number": 2}]}
RECORDS = {"shop-dev": "record-1", "*.shop-dev": "record-2"}
INPUTS: dict[str, dict[str, Any]] = {
    "StackId": {**WHO, "organization": "", "settings": CHOSEN.inputs()},
    "Drain": {
        **WHOSE,
        "clusterId": "cluster-1",
        "instancePoolIds": ["pool-1"],
        "loadBalancers": ["shop-dev-ingress"],
        "onDestroy": "refuse",
        "releases": True,
        "waitSeconds": 120,
    },
    "NodepoolSweep": {**WHOSE, "clusterId": "cluster-1"},
    "ProgramKubeconfig": {**WHOSE, "clusterId": "cluster-1", "kubeconfig": "the text"},
    "Machines": {**WHOSE, "clusterId": "cluster-1", "pools": {"web": {**POOL, "labels": {}, "taints": {}}}},
    "IngressPods": {
        **WHOSE,
        "clusterId": "cluster-1",
        "namespace": "ingress",
        "chart": "nginx-ingress 2.7.0",
        "ingressClass": "nginx",
        "nodepool": "web",
        "instancePoolId": "pool-1",
        "size": 2,
        "waitSeconds": 180,
    },
    "ReleasePlace": {
        **WHOSE,
        "clusterId": "cluster-1",
        "namespace": "longhorn-system",
        "release": "longhorn",
    },
    "DnsRecords": {
        **WHOSE,
        "domain": "example.org",
        "names": ["shop-dev", "*.shop-dev"],
        "address": "198.51.100.7",
        "ttlSeconds": 300,
    },
    "RuleSweep": {**WHOSE, "securityGroupId": "group-1"},
}
INPUTS["SecondDrain"] = INPUTS["UnfinishedDrain"] = {**INPUTS["Drain"], "releases": False}
ADDED: dict[str, dict[str, Any]] = {
    "DnsRecords": {"records": RECORDS},
    "Machines": {"machines": MACHINES},
    "StackId": {"stackId": "5fac1d000001", "organizationId": "org-1", "organizationName": "acme"},
}


def urn(kind: str, name: str = "step", stack: str = "dev", project: str = "shop") -> str:
    """As the engine makes it for a child of a component."""
    return f"urn:pulumi:{stack}::{project}::a:components:Parent$exoscale-teardown:index:{kind}::{name}"


def state(kind: str, **others: Any) -> dict[str, Any]:
    """What stands in the state of such a resource."""
    return {**INPUTS[kind], **ADDED.get(kind, {}), "version": 1, **others}


class Steps(ModuleType):
    """`components.teardown.steps` that keeps its calls. A test puts a step of its own in a call's place."""

    Subject, StackIdentity, DrainTarget, Wanted = Subject, StackIdentity, DrainTarget, Wanted
    DRAIN = DRAIN

    def __init__(self) -> None:
        super().__init__("components.teardown.steps")
        self.calls: list[tuple[Any, ...]] = []
        for name in (
            "check_organization",
            "refuse_copy",
            "arm",
            "clear_away",
            "await_ingress_pod",
            "forget_release",
            "remove_leftover_balancer",
            "remove_records",
        ):
            self.answers(name, None)
        self.answers("left_behind", ())
        self.answers("unknown_version", "")
        self.answers("refused_records", "")
        self.answers("changed_records", [])
        self.answers("left_records", [])
        self.answers("taken_class", "")
        self.answers("unserved_ingresses", [])
        self.answers("make_records", RECORDS)
        for name in ("drain", "drain_unfinished", "sweep_nodepools", "sweep_rules", "foresee"):
            self.answers(name, [])
        self.answers("old_machines", [])
        self.answers("running_machines", MACHINES)
        self.answers("sweep_stack", ["receipt: nothing that costs money is left"])
        self.answers("create_stack_id", StackIdentity("5fac1d000001", "org-1", "acme"))
        self.answers("remaining", "63.50 CHF a month run on")

    def answers(self, name: str, answer: Any) -> None:
        """Has a step answer so, once it has said its own name."""

        def step(*arguments: Any) -> Any:
            self.calls.append((name, *(argument for argument in arguments if not callable(argument))))
            for say in filter(callable, arguments):
                say(f"{name} at work")
            if isinstance(answer, Exception):
                raise answer
            return answer

        setattr(self, name, step)

    def refuses(self, name: str, line: str = "refused: so and so. Next: do this") -> str:
        """Has a step refuse; its line."""
        self.answers(name, TeardownError(line))
        return line


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Steps:
    """What stands in for the steps themselves."""
    made = Steps()
    monkeypatch.setitem(sys.modules, "components.teardown.steps", made)
    return made


class Engine(engine_pb2_grpc.EngineServicer):
    """Keeps what it is given to log."""

    def __init__(self) -> None:
        self.logged: list[engine_pb2.LogRequest] = []
        self.warned = threading.Event()
        self.address = ""

    def Log(self, request: engine_pb2.LogRequest, context: object) -> empty_pb2.Empty:
        self.logged.append(request)
        if request.severity == engine_pb2.WARNING:
            self.warned.set()
        return empty_pb2.Empty()

    @property
    def kept(self) -> list[str]:
        """The lines that stay on the screen."""
        return [line.message for line in self.logged if not line.ephemeral]

    @property
    def progress(self) -> list[str]:
        """The lines that a display may drop."""
        return [line.message for line in self.logged if line.ephemeral]

    @property
    def warnings(self) -> list[str]:
        return [line.message for line in self.logged if line.severity == engine_pb2.WARNING]


@pytest.fixture
def engine() -> Iterator[Engine]:
    made = Engine()
    server = grpc.server(ThreadPoolExecutor(4))
    engine_pb2_grpc.add_EngineServicer_to_server(made, server)
    made.address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    yield made
    server.stop(grace=None).wait()


@dataclass
class Calls:
    """The engine's calls, with plain values."""

    stub: Any
    steps: Steps
    _threads: list[threading.Thread] = field(default_factory=list)

    def check(self, kind: str, inputs: dict[str, Any] | None = None, **names: str) -> None:
        self.stub.Check(provider_pb2.CheckRequest(urn=urn(kind, **names), news=struct(inputs or INPUTS[kind])))

    def diff(self, kind: str, old: dict[str, Any], new: dict[str, Any]) -> provider_pb2.DiffResponse:
        request = provider_pb2.DiffRequest(id="token", urn=urn(kind), olds=struct(old), news=struct(new))
        answer: provider_pb2.DiffResponse = self.stub.Diff(request)
        return answer

    def create(
        self, kind: str, inputs: dict[str, Any] | None = None, preview: bool = False
    ) -> tuple[str, dict[str, Any]]:
        request = provider_pb2.CreateRequest(urn=urn(kind), properties=struct(inputs or INPUTS[kind]), preview=preview)
        answer = self.stub.Create(request)
        return answer.id, MessageToDict(answer.properties)

    def read(self, kind: str) -> provider_pb2.ReadResponse:
        request = provider_pb2.ReadRequest(
            id="token", urn=urn(kind), properties=struct(state(kind)), inputs=struct(INPUTS[kind])
        )
        answer: provider_pb2.ReadResponse = self.stub.Read(request)
        return answer

    def update(
        self, kind: str, new: dict[str, Any], preview: bool = False, old: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        request = provider_pb2.UpdateRequest(
            id="token", urn=urn(kind), olds=struct(old or state(kind)), news=struct(new), preview=preview
        )
        answer: dict[str, Any] = MessageToDict(self.stub.Update(request).properties)
        return answer

    def delete(self, kind: str, properties: dict[str, Any] | None = None, **names: str) -> None:
        self.stub.Delete(
            provider_pb2.DeleteRequest(id="token", urn=urn(kind, **names), properties=struct(properties or state(kind)))
        )

    def cancel(self) -> None:
        self.stub.Cancel(empty_pb2.Empty())

    def named(self, step: str) -> list[tuple[Any, ...]]:
        """The arguments of each call of a step."""
        return [arguments for name, *arguments in self.steps.calls if name == step]  # type: ignore[misc]


def struct(values: dict[str, Any]) -> Struct:
    return ParseDict(values, Struct())


@pytest.fixture
def calls(steps: Steps, engine: Engine) -> Iterator[Calls]:
    """Calls a provider of one run."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def run(work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, loop).result(10)

    server, port = run(start(TeardownProvider(EngineLog(engine.address)), engine.address))
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield Calls(provider_pb2_grpc.ResourceProviderStub(channel), steps)
    run(server.stop(None))
    run(loop.shutdown_default_executor())
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def refusal(call: Callable[[], object]) -> str:
    """What a call of the engine's is refused with."""
    with pytest.raises(grpc.RpcError) as refused:
        call()
    text: str = refused.value.details()
    return text
