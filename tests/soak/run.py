"""One plan, carried out in one of the two ways, and what the cloud still charges for in the end."""

import contextlib
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from pulumi import automation

from sandbox.plugins.timing import Timing
from sandbox.sandbox import Sandbox
from sandbox.stack import SandboxStack
from tests.engine.conftest import Kubectl
from tests.engine.faults.account import Account, Held, besides
from tests.engine.faults.subject import PREFIX, PROJECT, Subject
from tests.engine.faults.users import Users
from tests.soak.people import People
from tests.soak.plan import Plan
from tests.soak.trouble import Trouble

WAYS = ("ours", "classic")
TRIES = 4
PATIENCE_SECONDS = 3
BILLABLE = ("sks-cluster", "instance", "load-balancer", "block-storage-volume", "block-storage-snapshot")
CHARTS = {"nginx": "nginx-ingress", "ingress-nginx": "ingress-nginx", "traefik": "traefik"}


@dataclass(frozen=True)
class Result:
    """How a run ended.

    Args:
        way: `ours` or `classic`.
        events: what went wrong, with the call at which it did.
        destroys: how often `destroy` was run.
        stuck: the errors of the last one; empty where it said that all is gone.
        leaked: number of billable things that the cloud still holds, by kind.
        seconds: how long it all took.
    """

    way: str
    events: tuple[str, ...]
    destroys: int
    stuck: tuple[str, ...]
    leaked: Mapping[str, int]
    seconds: float


class Runner:
    """Carries plans out, one after the other, on a sandbox of its own.

    The classic way is our own program with the load balancer left to the cloud controller manager and with teardown
    commands that do nothing: it keeps our order, our refresh and our credentials, so it is better than what it stands
    for.

    Args:
        sandbox: a running one.
        folder: for files.
        chart: finds our chart that stands in for an official one.
    """

    def __init__(self, sandbox: Sandbox, folder: Path, chart: Callable[[str], Path]) -> None:
        self._sandbox, self._folder, self._chart = sandbox, folder, chart
        self._account = Account(sandbox)
        self._trouble = Trouble(sandbox, self._clusters)
        sandbox.cloud.faults = self._trouble
        self._before: Held = self._account.holds()

    def run(self, plan: Plan, way: str) -> Result:
        """Up, users, trouble, destroy until it succeeds or a person would have given up; then asks the cloud."""
        began = time.monotonic()
        self._trouble.happened, self._trouble.dead = [], set()
        self._sandbox.cloud.rules.nodepool_locked_by_load_balancer = plan.locked
        subject = self._subject(plan, way)
        with contextlib.ExitStack() as around:
            around.callback(self._clear_up, subject)
            if way == "classic":
                around.enter_context(without_teardown())
            self._up(plan, subject)
            people = around.enter_context(People(plan.users))
            for cluster in self._clusters():
                people.work(*self._access(cluster))
            destroys, stuck = self._destroy(plan, way, subject)
            self._trouble.end()
            self._account.settle()
            held = besides(self._account.holds(), self._before)
            leaked = {kind: len(held[kind]) for kind in BILLABLE if held[kind]}
        return Result(way, tuple(self._trouble.happened), destroys, stuck, leaked, time.monotonic() - began)

    def _subject(self, plan: Plan, way: str) -> Subject:
        balancer = "managed" if plan.managed and way == "ours" else "ccm"
        ingress: dict[str, Any] = {"controller": plan.controller}
        if plan.controller in CHARTS:
            ingress |= {
                "load-balancer": balancer,
                "timeout-seconds": 20,
                "chart": str(self._chart(CHARTS[plan.controller])),
            }
        settings = {"nodepools": plan.nodepools, "ingress": ingress, "drain": {"wait-seconds": PATIENCE_SECONDS}}

        def make(name: str, config: dict[str, Any]) -> SandboxStack:
            file = {f"{PREFIX}kubeconfig": {"file": str(self._folder / f"{name}.kubeconfig")}}
            environment, timing = self._sandbox.environment(), Timing.of(0)
            return SandboxStack(self._sandbox.home, PROJECT, name, environment, config | file, timing=timing)

        return Subject(self._sandbox, make, self._folder, f"run{plan.number}-{way}", settings)

    def _up(self, plan: Plan, subject: Subject) -> None:
        self._trouble.begin(plan.of("up"))
        failed = failure(subject.up)
        self._trouble.end()
        self._account.settle()
        if failed and plan.again:
            failure(subject.up)

    def _destroy(self, plan: Plan, way: str, subject: Subject) -> tuple[int, tuple[str, ...]]:
        self._trouble.begin(plan.of("destroy"))
        errors: tuple[str, ...] = ()
        for tried in range(1, TRIES + 1):
            errors = failure(subject.destroy)
            if not errors:
                return tried, ()
            self._trouble.end()
            self._account.settle()
            if self._trouble.dead and way == "ours" and tried > 1:
                with contextlib.suppress(AssertionError):
                    subject.rescue()
        return TRIES, errors

    def _access(self, cluster: str) -> tuple[Users, list[str]]:
        """Somebody with kubectl in that cluster, and its instance pools."""
        folder = self._folder / cluster
        folder.mkdir(exist_ok=True)
        access = self._sandbox.control_planes.admin_kubeconfig(cluster).read_text()
        pools = [item for item in self._sandbox.cloud.store.list("sks-nodepool") if item["_cluster"] == cluster]
        return Users(Kubectl(access, folder)), [pool["instance-pool"]["id"] for pool in pools]

    def _clear_up(self, subject: Subject) -> None:
        self._trouble.end()
        self._account.remove(besides(self._account.holds(), self._before))
        with contextlib.suppress(automation.CommandError, subprocess.CalledProcessError):
            subject.stack.forget()

    def _clusters(self) -> list[str]:
        return [item["id"] for item in self._sandbox.cloud.store.list("sks-cluster")]


def failure(action: Callable[[], Any]) -> tuple[str, ...]:
    """The errors with which the engine did not do what it was asked to; it may be killed before it says anything."""
    try:
        action()
    except (automation.CommandError, subprocess.CalledProcessError) as error:
        lines = [line.strip() for line in str(error).splitlines()]
        return tuple(line for line in lines if line.startswith(("error:", "* "))) or (str(error)[-200:],)
    return ()


@contextlib.contextmanager
def without_teardown() -> Iterator[None]:
    """Has the program record commands that do nothing where it would drain and sweep."""

    def nothing(verb: str, **_: object) -> str:
        return "echo classic" if verb == "mark" else "true"

    with patch("components.drain.teardown", nothing), patch("components.mark.teardown", nothing):
        yield
