"""One plan, carried out in one of the two ways, and what the cloud still charges for in the end."""

import contextlib
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from pulumi import automation

from runner.stack import SandboxStack
from sandbox.clock import FAST
from sandbox.plugins.provider import Provider
from sandbox.plugins.timing import Timing
from sandbox.sandbox import Sandbox
from tests.engine.conftest import Kubectl
from tests.engine.faults.account import Account, Held, besides
from tests.engine.faults.subject import PREFIX, PROJECT, Subject, says_gone
from tests.engine.faults.users import Users
from tests.soak.classic import NoTeardown
from tests.soak.neighbours import KEY, STACK, Neighbours, touched
from tests.soak.people import People
from tests.soak.plan import Plan
from tests.soak.trouble import Trouble

WAYS = ("ours", "classic")
TRIES = 4
PATIENCE_SECONDS = 3
BILLABLE = ("sks-cluster", "instance", "load-balancer", "block-storage-volume", "block-storage-snapshot")
BARE = Plan(0, (1,), "nginx", True, (), (), again=False, locked=True)  # the second stack
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
        touched: what of others is not what it was.
        seconds: how long it all took.
    """

    way: str
    events: tuple[str, ...]
    destroys: int
    stuck: tuple[str, ...]
    leaked: Mapping[str, int]
    touched: tuple[str, ...]
    seconds: float


class Runner:
    """Carries plans out, one after the other, on a sandbox of its own.

    The classic way is our own program with the load balancer left to the cloud controller manager and with a provider
    whose steps do nothing (`tests.soak.classic`): it keeps our order and our credentials, so it is better than what it
    stands for.

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
        self._neighbours = Neighbours(sandbox, self._account, self._neighbour)
        self._before = self._account.holds()

    def run(self, plan: Plan, way: str) -> Result:
        """Up, users, trouble, destroy until it succeeds or a person would have given up; then asks the cloud."""
        began = time.monotonic()
        self._trouble.happened, self._trouble.dead = [], set()
        self._sandbox.cloud.rules.nodepool_locked_by_load_balancer = plan.locked
        subject = self._subject(plan, way)
        with contextlib.ExitStack() as around:
            around.callback(self._clear_up, subject, self._before)
            self._neighbours.plant(plan.neighbours)
            others = self._account.holds()
            self._up(plan, subject)
            people = around.enter_context(People(plan.users))
            for cluster in self._clusters():
                users, pools = self._access(cluster)
                people.work(users, pools)
                self._neighbours.connect(plan.neighbours, users, pools)
            if KEY in plan.neighbours:
                failure(self._subject(plan, way, self._neighbours.other_key).destroy)
            destroys, stuck = self._destroy(plan, way, subject)
            self._trouble.end()
            self._account.settle()
            now = self._account.holds()
            held = besides(now, others)
            leaked = {kind: len(held[kind]) for kind in BILLABLE if held[kind]}
        events, seconds = tuple(self._trouble.happened), time.monotonic() - began
        return Result(way, events, destroys, stuck, leaked, touched(others, now), seconds)

    def _neighbour(self) -> Subject:
        """The second stack, up."""
        subject = Subject(self._sandbox, self._make(()), self._folder, STACK, self._settings(BARE, "managed"))
        subject.up()
        return subject

    def _subject(self, plan: Plan, way: str, key: Mapping[str, str] | None = None) -> Subject:
        balancer = "managed" if plan.managed and way == "ours" else "ccm"
        stand_ins = [NoTeardown()] if way == "classic" else []
        name = f"run{plan.number}-{way}"
        return Subject(self._sandbox, self._make(stand_ins, key), self._folder, name, self._settings(plan, balancer))

    def _settings(self, plan: Plan, balancer: str) -> dict[str, Any]:
        ingress: dict[str, Any] = {"controller": plan.controller}
        if plan.controller in CHARTS:
            ingress |= {
                "load-balancer": balancer,
                "timeout-seconds": 20,
                "chart": str(self._chart(CHARTS[plan.controller])),
            }
        return {"nodepools": plan.nodepools, "ingress": ingress, "drain": {"wait-seconds": PATIENCE_SECONDS}}

    def _make(self, stand_ins: Sequence[Provider[Any]], key: Mapping[str, str] | None = None) -> Callable[..., Any]:
        def make(name: str, config: dict[str, Any]) -> SandboxStack:
            file = {f"{PREFIX}kubeconfig": {"file": str(self._folder / f"{name}.kubeconfig")}, f"{PREFIX}demo": False}
            return SandboxStack(
                self._sandbox.home,
                PROJECT,
                name,
                {**self._sandbox.environment(), **(key or {})},
                config | file,
                timing=Timing.of(FAST),
                stand_ins=stand_ins,
            )

        return make

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
            errors = failure(partial(subject.destroy, refresh=says_gone(" ".join(errors))))
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

    def _clear_up(self, subject: Subject, before: Held) -> None:
        self._trouble.end()
        self._account.remove(besides(self._account.holds(), before))
        self._account.restore_services(before)
        with contextlib.suppress(automation.CommandError, subprocess.CalledProcessError):
            subject.stack.forget()

    def _clusters(self) -> list[str]:
        """Those of the stack under test."""
        clusters = self._sandbox.cloud.store.list("sks-cluster")
        return [item["id"] for item in clusters if item["id"] not in self._before["sks-cluster"]]


def failure(action: Callable[[], Any]) -> tuple[str, ...]:
    """The errors with which the engine did not do what it was asked to; it may be killed before it says anything."""
    try:
        action()
    except (automation.CommandError, subprocess.CalledProcessError) as error:
        lines = [line.strip() for line in str(error).splitlines()]
        return tuple(line for line in lines if line.startswith(("error:", "* "))) or (str(error)[-200:],)
    return ()
