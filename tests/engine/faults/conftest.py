"""One sandbox for the suite, with a bystander in the same account; and what every row asserts."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from runner.stack import SandboxStack
from sandbox.sandbox import Sandbox
from tests.engine.conftest import enter, stacks_on
from tests.engine.faults.account import Account, Held, besides, lasting, names
from tests.engine.faults.calls import Calls
from tests.engine.faults.strangers import make_strangers
from tests.engine.faults.subject import Subject

BYSTANDER = "blue-too"  # begins with the name of the stack under test
SUBJECT = "blue"
# With a controller that is dead for good; a living one of the sandbox needs less than a second.
PATIENCE_SECONDS = 4


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A running sandbox at its default pace."""
    with Sandbox(tmp_path_factory.mktemp("faults")) as running:
        yield running


@pytest.fixture(autouse=True)
def environment(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sandbox's variables."""
    enter(sandbox, monkeypatch)


@pytest.fixture(scope="session")
def make_stack(sandbox: Sandbox) -> Callable[..., SandboxStack]:
    """Makes stacks on the suite's sandbox."""
    return stacks_on(sandbox)


@pytest.fixture(scope="session")
def account(sandbox: Sandbox) -> Account:
    """The account that everybody shares."""
    return Account(sandbox)


@pytest.fixture(scope="session")
def settings(charts: Callable[[str], Path]) -> dict[str, Any]:
    """What every stack of the suite is set to, beside `Pulumi.sandbox.yaml`."""
    return {
        "ingress": {"chart": str(charts("nginx-ingress"))},
        "drain": {"wait-seconds": PATIENCE_SECONDS},
    }


@pytest.fixture(scope="session", autouse=True)
def bystander(
    sandbox: Sandbox,
    account: Account,
    make_stack: Callable[..., SandboxStack],
    settings: dict[str, Any],
    tmp_path_factory: pytest.TempPathFactory,
) -> Held:
    """What others hold: another stack with users of its own, and things of nobody's stack."""
    other = Subject(sandbox, make_stack, tmp_path_factory.mktemp("bystander"), BYSTANDER, settings)
    with pytest.MonkeyPatch.context() as patch:
        enter(sandbox, patch)
        other.up()
    other.users().expose("theirs")
    make_strangers(account)
    return lasting(account.holds())


@pytest.fixture(scope="session")
def all_calls(sandbox: Sandbox) -> Calls:
    calls = Calls()
    sandbox.cloud.faults = calls
    return calls


@pytest.fixture
def calls(all_calls: Calls) -> Iterator[Calls]:
    """Faults, traps and the record of calls, forgotten after each test."""
    all_calls.start_again()
    yield all_calls
    all_calls.start_again()


@pytest.fixture
def left(account: Account, bystander: Held) -> Callable[[], dict[str, list[str]]]:
    """Names, by kind, of all that the account holds and the bystanders do not."""
    return lambda: names(besides(account.holds(), bystander))


@pytest.fixture
def make_subject(
    sandbox: Sandbox,
    account: Account,
    calls: Calls,
    bystander: Held,
    make_stack: Callable[..., SandboxStack],
    settings: dict[str, Any],
    tmp_path: Path,
) -> Iterator[Callable[..., Subject]]:
    """Makes stacks under test; whatever a test leaves behind is gone before the next."""
    made: list[Subject] = []

    def make(name: str = SUBJECT, **others: Any) -> Subject:
        chosen = {**settings, **{key.replace("_", "-"): value for key, value in others.items()}}
        made.append(Subject(sandbox, make_stack, tmp_path, name, chosen))
        return made[-1]

    yield make
    calls.start_again()
    account.remove(besides(account.holds(), bystander))
    for subject in made:
        subject.forget()


@pytest.fixture
def subject(make_subject: Callable[..., Subject]) -> Subject:
    """The stack under test, up."""
    made = make_subject()
    made.up()
    return made


@pytest.fixture
def whole(subject: Subject) -> Subject:
    """A stack that is up, with a user's Service and a user's volume in its cluster."""
    users = subject.users()
    users.expose("front")
    users.store("db")
    return subject


@pytest.fixture
def assert_gone(account: Account, calls: Calls, bystander: Held, left: Callable[[], Any]) -> Callable[..., None]:
    """Asserts what every row ends with: nothing left of the stacks, others untouched, nothing more to destroy."""

    def check(*subjects: Subject, kept: dict[str, list[str]] | None = None) -> None:
        calls.start_again()
        assert left() == (kept or {})
        for subject in subjects:
            assert not subject.destroy().summary.resource_changes
        assert left() == (kept or {})
        now = lasting(account.holds())
        assert {kind: {id_: now[kind].get(id_) for id_ in items} for kind, items in bystander.items()} == bystander

    return check
