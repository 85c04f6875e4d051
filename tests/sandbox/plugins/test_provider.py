"""What every stand-in gets from the host: connections, logs, failures and names."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, provider_pb2

from sandbox.plugins.autonaming import Autonaming, AutonamingMode, automatic_name
from sandbox.plugins.host import PluginHost
from sandbox.plugins.properties import Properties, Secret, decode
from sandbox.plugins.provider import (
    CheckFailure,
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
    InitFailed,
    Provider,
    ProviderError,
    ReadRequest,
    ReadResult,
    Severity,
    UpdateRequest,
    configured,
)
from tests.sandbox.plugins.plugin_driver import Plugin, Refused, Resource

TYPE = "test:index:Thing"


class Things(Provider[str]):
    """A provider whose answers show what it was given; deletion waits until the connection is cancelled."""

    package, version = "test", "1.2.3"
    features = Features(accept_secrets=True, supports_autonaming_configuration=True)

    def __init__(self) -> None:
        self.waiting = threading.Semaphore(0)

    def configure(self, context: Context[str], request: ConfigureRequest) -> str:
        return str(request.args["name"])

    def check(self, context: Context[str], request: CheckRequest) -> CheckResult:
        refused = [CheckFailure("size", "too big")] if request.news.get("size") else []
        autonaming = request.autonaming
        shown = {"mode": autonaming.mode.name, "proposed": autonaming.proposed_name} if autonaming else {}
        return CheckResult({"seed": request.seed.decode(), "type": request.type, **shown}, refused)

    def diff(self, context: Context[str], request: DiffRequest) -> DiffResult:
        return DiffResult(None)

    def create(self, context: Context[str], request: CreateRequest) -> CreateResult:
        context.log(Severity.INFO, "working", request.urn, ephemeral=True)
        match request.name:
            case "broken":
                raise ValueError("a bug")
            case "refused":
                raise ProviderError("first line\nsecond line")
            case "partial":
                raise InitFailed("id", {"token": Secret("s")}, ["not ready"], {"a": 1}, "not initialised")
        directory = str(context.surroundings.directory)
        return CreateResult("id", {"by": configured(context), "in": directory, "timeout": request.timeout})

    def read(self, context: Context[str], request: ReadRequest) -> ReadResult:
        return ReadResult("")

    def update(self, context: Context[str], request: UpdateRequest) -> Properties:
        return request.news

    def delete(self, context: Context[str], request: DeleteRequest) -> None:
        self.waiting.release()
        if not context.cancelled.wait(20):
            raise ProviderError("never cancelled")


class EngineLog(engine_pb2_grpc.EngineServicer):
    """The engine's end of the log."""

    def __init__(self) -> None:
        self.lines: list[tuple[int, str, str, bool]] = []

    def Log(self, request: engine_pb2.LogRequest, context: grpc.ServicerContext) -> empty_pb2.Empty:
        self.lines.append((request.severity, request.message, request.urn, request.ephemeral))
        return empty_pb2.Empty()


@pytest.fixture
def things() -> Things:
    return Things()


@pytest.fixture
def port(things: Things, tmp_path: Path) -> Iterator[int]:
    with PluginHost([things], tmp_path, {"A": "1"}) as host:
        assert host.debug_providers == f"test:{host.port('test')}"
        yield host.port("test")


@pytest.fixture
def thing(port: int) -> Iterator[Plugin]:
    with Plugin(port) as plugin:
        yield plugin


@pytest.fixture
def engine() -> Iterator[tuple[str, EngineLog]]:
    log, server = EngineLog(), grpc.server(ThreadPoolExecutor(2))
    engine_pb2_grpc.add_EngineServicer_to_server(log, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"127.0.0.1:{port}", log
    server.stop(None).wait()


def test_the_plugin_answers_its_version_and_its_flags(thing: Plugin) -> None:
    assert thing.version() == "1.2.3"
    answer = thing.configure(name="one")
    assert (answer.acceptSecrets, answer.supportsPreview, answer.supports_autonaming_configuration) == (True,) * 3
    assert (answer.acceptResources, answer.acceptOutputs) == (False, False)


def test_each_connection_keeps_its_own_configuration(port: int) -> None:
    with Plugin(port) as one, Plugin(port) as other:
        one.configure(name="one")
        other.configure(name="other")
        assert one.create(TYPE, "a")["by"] == "one"
        assert other.create(TYPE, "a")["by"] == "other"


def test_a_connection_that_was_not_configured_uses_the_last_configuration(thing: Plugin, port: int) -> None:
    with Plugin(port) as one:
        one.configure(name="one")
    assert thing.create(TYPE, "a")["by"] == "one"


def test_a_call_before_any_configuration_is_refused(thing: Plugin) -> None:
    with pytest.raises(Refused, match="the provider is not configured"):
        thing.create(TYPE, "a")


def test_the_plugin_is_told_the_programs_folder(thing: Plugin, tmp_path: Path) -> None:
    thing.configure(name="one")
    assert thing.create(TYPE, "a")["in"] == str(tmp_path)


def test_cancel_reaches_the_calls_of_its_own_connection_only(things: Things, port: int) -> None:
    with Plugin(port) as one, Plugin(port) as other, ThreadPoolExecutor(2) as pool:
        running = pool.submit(one.delete, Resource(TYPE, "a", {}, "id"))
        untouched = pool.submit(other.delete, Resource(TYPE, "b", {}, "id"))
        for _ in range(2):
            assert things.waiting.acquire(timeout=10)
        one.cancel()
        running.result(timeout=10)
        assert not untouched.done()
        assert one.version() == "1.2.3", "the server goes on"
        other.cancel()
        untouched.result(timeout=10)


def test_a_new_engine_on_a_cancelled_connection_starts_afresh(things: Things, thing: Plugin) -> None:
    thing.cancel()
    thing.attach("127.0.0.1:1")
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(thing.delete, Resource(TYPE, "a", {}, "id"))
        assert things.waiting.acquire(timeout=10)
        assert not running.done()
        thing.cancel()
        running.result(timeout=10)


def test_log_lines_reach_the_engine_that_attached(thing: Plugin, engine: tuple[str, EngineLog]) -> None:
    address, log = engine
    thing.attach(address)
    thing.configure(name="one")
    made = thing.create(TYPE, "a")
    assert log.lines == [(engine_pb2.INFO, "working", made.urn, True)]


def test_an_engine_that_is_gone_does_not_fail_the_call(thing: Plugin) -> None:
    thing.attach("127.0.0.1:1")
    thing.configure(name="one")
    assert thing.create(TYPE, "a").id == "id"


def test_a_failure_is_unknown_with_its_text(thing: Plugin) -> None:
    with pytest.raises(Refused) as refused:
        thing.create(TYPE, "refused")
    assert (refused.value.code, refused.value.text) == (grpc.StatusCode.UNKNOWN, "first line\nsecond line")
    assert refused.value.partial is None


def test_a_bug_is_named_under_the_resource(thing: Plugin) -> None:
    with pytest.raises(Refused, match="ValueError: a bug"):
        thing.create(TYPE, "broken")


def test_a_partial_failure_carries_what_the_engine_must_save(thing: Plugin) -> None:
    with pytest.raises(Refused, match="not initialised") as refused:
        thing.create(TYPE, "partial")
    assert refused.value.partial is not None
    assert (refused.value.partial.id, list(refused.value.partial.reasons)) == ("id", ["not ready"])
    assert refused.value.saved == {"token": Secret("s")}
    assert decode(refused.value.partial.inputs) == {"a": 1}


def test_check_failures_and_timeouts_and_seeds_pass_through(thing: Plugin) -> None:
    thing.configure(name="one")
    assert thing.refusals(TYPE, "a", size=1) == ["too big"]
    assert thing.create(TYPE, "a", timeout=12)["timeout"] == 12
    assert thing.checked(TYPE, "a", {}) == {"seed": "one seed of the engine, 32 bytes.", "type": TYPE}


def test_the_engines_wish_for_a_name_reaches_the_plugin(thing: Plugin) -> None:
    wish = provider_pb2.CheckRequest.AutonamingOptions(mode="ENFORCE", proposed_name="x")
    assert decode(thing.check(TYPE, "a", {}, autonaming=wish).inputs)["mode"] == "ENFORCE"


def test_a_type_left_out_is_read_from_the_urn(thing: Plugin) -> None:
    urn = f"urn:pulumi:s::p::pkg:index:Component${TYPE}::a::b"
    answer = thing.stub.Check(provider_pb2.CheckRequest(urn=urn))
    assert decode(answer.inputs)["type"] == TYPE


def test_an_undecided_diff_leaves_it_to_the_engine(thing: Plugin) -> None:
    answer = thing.diff(Resource(TYPE, "a", {}, "id"))
    assert answer.changes == provider_pb2.DiffResponse.DIFF_UNKNOWN
    assert not answer.hasDetailedDiff


def test_a_gone_resource_is_read_as_an_empty_id(thing: Plugin) -> None:
    assert thing.read(Resource(TYPE, "a", {}, "id")) is None


def _name(seed: bytes = b"seed", **wish: Any) -> str | None:
    return automatic_name("pool", seed, Autonaming(**wish) if wish else None, 7)


def test_a_made_up_name_is_the_same_for_the_same_seed() -> None:
    name = _name()
    assert name is not None
    assert name == _name()
    assert name != _name(b"other")
    assert name.startswith("pool-")
    assert len(name) == len("pool-") + 7


def test_a_made_up_name_without_a_seed_is_random() -> None:
    assert _name(b"") != _name(b"")


def test_the_stack_decides_on_made_up_names() -> None:
    assert _name(mode=AutonamingMode.ENFORCE, proposed_name="mine") == "mine"
    assert _name(mode=AutonamingMode.PROPOSE, proposed_name="mine") == "mine"
    assert _name(mode=AutonamingMode.DISABLE) is None
