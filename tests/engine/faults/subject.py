"""The stack under test: run by the real engine, with users in its cluster."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from pulumi import automation

from runner.stack import SandboxStack
from sandbox.backend import Backend
from sandbox.sandbox import Sandbox
from tests.engine.conftest import Kubectl
from tests.engine.faults.account import Account
from tests.engine.faults.engine import PROJECT, SECONDS, Engine, Run
from tests.engine.faults.users import Recreating, Users
from tools import path_of

PREFIX = "exoscale-sks:"
# What a destroy says of something that is gone already: the table in docs/destroy.md answers with `--refresh`.
GONE = ("resource not found", "Not Found", "release: not found")


class Subject:
    """One stack of ours.

    Args:
        make: makes stacks on the sandbox (`tests.engine.conftest`).
        folder: for files of the test's own.
        settings: by their keys in `Pulumi.yaml`; steps of a test may change them.
    """

    def __init__(
        self, sandbox: Sandbox, make: Callable[..., SandboxStack], folder: Path, name: str, settings: Mapping[str, Any]
    ) -> None:
        self.name = name
        self.stack = make(name, config={PREFIX + key: value for key, value in settings.items()})
        self._sandbox = sandbox
        self._folder = folder

    def up(self, **options: Any) -> automation.UpResult:
        """`pulumi up`."""
        return self.stack.up(**options)

    def destroy(self, **options: Any) -> automation.DestroyResult:
        """`pulumi destroy`, which has to succeed."""
        return self.stack.destroy(**options)

    def refuses_to_go(self, **options: Any) -> str:
        """What `pulumi destroy` printed when it failed, as it has to."""
        with pytest.raises(automation.CommandError) as failed:
            self.stack.destroy(**options)
        return str(failed.value)

    def tries(self, verb: str, **options: Any) -> str | None:
        """Runs `pulumi up` or `destroy`; what it printed if it failed."""
        try:
            getattr(self.stack, verb)(**options)
        except automation.CommandError as error:
            return str(error)
        return None

    def destroy_as_told(self) -> None:
        """`pulumi destroy`, and where it ends over something that is gone already, once more with `--refresh`."""
        if (printed := self.tries("destroy")) is not None:
            assert says_gone(printed), printed
            self.destroy(refresh=True)

    def fails_to_come_up(self) -> str:
        """What `pulumi up` printed when it failed, as it has to."""
        with pytest.raises(automation.CommandError) as failed:
            self.stack.up()
        return str(failed.value)

    def ends(self, verb: str, environment: Mapping[str, str], **options: Any) -> tuple[int, str]:
        """Exit status and output of `pulumi up` or `destroy` with these variables; empty ones are as good as none."""
        with self.engine(verb, environment, **options) as engine:
            return engine.wait()

    def settle(self) -> None:
        """Returns when the cloud does nothing any more, as somebody who waits a minute before the next try."""
        Account(self._sandbox).settle()

    def rescue(self) -> None:
        """`make rescue` by somebody who gives the cluster up, which has to succeed."""
        confirm = ("--yes", "--confirm", f"exoscale-sks-{self.name}-cluster")
        answer = self.teardown("rescue", self.name, "--patience", "2", *confirm)
        assert answer.returncode == 0, answer.stdout + answer.stderr

    def audit_and_fix(self) -> None:
        """`make audit` with `--fix` after an `up` that was interrupted, which has to leave nothing that the state does
        not know. What the `up` was creating stands in the state until a refresh, and until then nothing is deleted."""
        refused = self.teardown("audit", self.name, "--fix", "--yes")
        if "--clear-pending-creates" in refused.stderr:
            self.stack.refresh(clear_pending_creates=True)
        answer = self.teardown("audit", self.name, "--fix", "--yes")
        assert answer.returncode == 0, answer.stdout + answer.stderr

    def set(self, **settings: Any) -> None:
        """Changes settings; `-` in their names is written `_`."""
        self.stack.config |= {PREFIX + key.replace("_", "-"): value for key, value in settings.items()}

    def engine(self, verb: str, environment: Mapping[str, str] | None = None, **options: Any) -> Engine:
        """`pulumi up` or `destroy` in a process of its own."""
        return Engine(self.run(verb, environment, **options))

    def run(self, verb: str, environment: Mapping[str, str] | None = None, **options: Any) -> Run:
        """What such a process is told."""
        variables = {**self._sandbox.environment(), **(environment or {})}
        return Run(verb, str(self._sandbox.home), self.name, variables, self.stack.config, options)

    def teardown(
        self, *arguments: str, environment: Mapping[str, str] | None = None
    ) -> "subprocess.CompletedProcess[str]":
        """`./exoscale-sks …` by a person whose Pulumi is logged in to this stack's backend; empty variables are as
        good as none."""
        home = self._sandbox.home
        variables = {
            **os.environ,
            **self._sandbox.environment(),
            "PYTHONPATH": str(PROJECT),
            "PATH": f"{path_of('pulumi').parent}:{os.environ['PATH']}",
            **Backend(home).variables(),
            **(environment or {}),
        }
        return subprocess.run(
            [sys.executable, "-m", "components", *arguments],
            cwd=home / "stacks" / self.name,  # a copy of the project's settings; rescue leaves a file
            env={name: value for name, value in variables.items() if value},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    def state(self) -> dict[str, Any]:
        """Its state, as `pulumi stack export` writes it."""
        exported: dict[str, Any] = self.stack.export()
        return exported

    def recorded(self) -> dict[str, str]:
        """What its state knows: ids by URN."""
        return {one["urn"]: one.get("id", "") for one in self.state()["deployment"]["resources"]}

    def restore(
        self, exported: dict[str, Any], renamed: tuple[str, str] | None = None, everywhere: bool = False
    ) -> None:
        """Replaces its state.

        Args:
            renamed: a stack's name and the one to write instead, in the names of the resources.
            everywhere: in what the resources record, too.
        """
        text = json.dumps(exported)
        if renamed:
            old, new = renamed
            text = text.replace(f"urn:pulumi:{old}::", f"urn:pulumi:{new}::")
            text = text.replace(f'"{old}"', f'"{new}"') if everywhere else text
        self.stack.restore(json.loads(text))

    def forget(self) -> None:
        """Removes the stack's state, in whatever condition a killed engine left it."""
        backend = self._sandbox.home / "pulumi" / ".pulumi"
        for file in [*backend.rglob(f"{self.name}.json*"), *backend.glob(f"locks/**/{self.name}/*")]:
            file.unlink()

    @property
    def cluster_id(self) -> str:
        """Id of its newest cluster."""
        name = f"exoscale-sks-{self.name}-cluster"
        return [str(item["id"]) for item in self._sandbox.cloud.store.list("sks-cluster") if item["name"] == name][-1]

    @property
    def pool_ids(self) -> dict[str, str]:
        """Ids of the instance pools behind its nodepools, by the names of these in the settings."""
        pools = [item for item in self._sandbox.cloud.store.list("sks-nodepool") if item["_cluster"] == self.cluster_id]
        return {item["name"].rpartition("-")[2]: str(item["instance-pool"]["id"]) for item in pools}

    @property
    def pool_id(self) -> str:
        """Id of the instance pool behind its first nodepool."""
        return next(iter(self.pool_ids.values()))

    def users(self) -> Users:
        """Whoever works in the cluster as it is now."""
        folder = self._folder / self.cluster_id
        folder.mkdir(exist_ok=True)
        return Users(Kubectl(self._kubeconfig().read_text(), folder))

    def recreating(self, name: str, namespace: str) -> Recreating:
        """A controller in the cluster, for a `with`."""
        return Recreating(self._kubeconfig(), name, namespace)

    def kill(self, part: str) -> None:
        """Kills a part of its control plane on the spot."""
        self._sandbox.control_planes.kill(self.cluster_id, part)

    def revive(self, part: str) -> None:
        """Starts it again."""
        self._sandbox.control_planes.revive(self.cluster_id, part)

    def _kubeconfig(self) -> Path:
        return self._sandbox.control_planes.admin_kubeconfig(self.cluster_id)


def says_gone(printed: str) -> bool:
    """Whether a run ended over something that is gone already."""
    return any(words in printed for words in GONE)
