"""A stack that lives on the paper sandbox: its settings are changed, and after each change all is as they say."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pulumi import automation

from components.ingress import CONTROLLERS
from runner.stack import SandboxStack
from sandbox.sandbox import Sandbox
from tests.engine.faults.account import Account, names
from tests.engine.faults.subject import PREFIX
from tests.engine.operations import Operations, brought_up

Settings = Mapping[str, Any]
NAME = "alive"
RENAME = "rename"


class Life:
    """One stack from its first `up` to its destroy.

    Args:
        make: makes stacks on the sandbox.
        account: where they are.
        charts: the folder of a chart, by the official one's name.
        settings: those it begins with, by their keys in `Pulumi.yaml`.
        name: the stack's.
    """

    def __init__(
        self,
        make: Callable[..., SandboxStack],
        account: Account,
        charts: Callable[[str], Path],
        settings: Settings,
        name: str = NAME,
    ) -> None:
        self.settings = dict(settings)
        self._make, self._account, self._charts = make, account, charts
        self._stack = make(name)

    def change(self, key: str, value: Any) -> None:
        """Gives a setting another value; a whole object where it is one. The key `rename` renames the stack."""
        if key == RENAME:
            self._stack.rename(value)
            self._stack = self._make(value)
        else:
            self.settings[key] = value

    def up(self) -> Operations:
        """`pulumi up`, and once more, which has to find nothing to do; what the first did."""
        self._configure()
        done = brought_up(self._stack)
        assert self.held() == self.wanted()
        return done

    def refused(self) -> str:
        """The one line that a preview and an `up` are both refused with, before anything is changed."""
        self._configure()
        before, lines = self._account.holds(), []
        for run in (self._stack.preview, self._stack.up):
            with pytest.raises(automation.CommandError) as failed:
                run()
            said = str(failed.value).partition("Diagnostics:")[2].splitlines()
            found = [
                line.partition("error: ")[2].removeprefix("Preview failed: ")
                for line in said
                if line.strip().startswith("error: ")
            ]
            lines += [line for line in found if line not in ("preview failed", "update failed")]  # of the whole run
        assert self._account.holds() == before
        assert len(lines) == 2
        assert lines[0] == lines[1]
        return lines[0]

    def warned(self) -> list[str]:
        """The lines that a preview warns with."""
        self._configure()
        said = self._stack.preview().stdout.partition("Diagnostics:")[2].splitlines()
        return [line.partition("warning: ")[2] for line in said if line.strip().startswith("warning: ")]

    def destroy(self) -> None:
        """`pulumi destroy`, which has to leave nothing."""
        self._stack.destroy()
        assert names(self._account.holds()) == {}

    def forget(self) -> None:
        """Takes it out of the world, whatever is left of it."""
        self._account.remove(self._account.holds())
        self._stack.forget()

    def held(self) -> Counter[str]:
        """How many of each kind the account holds."""
        return Counter({kind: len(items) for kind, items in self._account.holds().items() if items})

    def wanted(self) -> Counter[str]:
        """How many of each kind the settings want."""
        if self.settings.get("platform") == "k3d":
            return Counter()
        pools = self.settings.get("nodepools", {"default": {}}).values()
        ingress = {"controller": "nginx", "load-balancer": "managed"} | self.settings.get("ingress", {})
        return +Counter(
            {
                **{"sks-cluster": 1, "security-group": 1, "sks-nodepool": len(pools), "instance-pool": len(pools)},
                "instance": sum(pool.get("size", 2) for pool in pools),
                "anti-affinity-group": sum(pool.get("anti-affinity", True) for pool in pools),
                "load-balancer": int(ingress["controller"] != "none" and ingress["load-balancer"] == "managed"),
            }
        )

    def _configure(self) -> None:
        self._stack.config |= {PREFIX + key: value for key, value in self.settings.items()}
        ingress = self.settings.get("ingress", {})
        if (controller := CONTROLLERS.get(ingress.get("controller", "nginx"))) is not None:
            chart = str(self._charts(controller.chart.name))
            self._stack.config[f"{PREFIX}ingress"] = {**ingress, "chart": chart}


@contextmanager
def alive(
    sandbox: Sandbox, make: Callable[..., SandboxStack], charts: Callable[[str], Path], settings: Settings
) -> Iterator[Life]:
    """A stack that is up. Nothing of it is left after the block."""
    life = Life(make, Account(sandbox), charts, settings)
    try:
        life.up()
        yield life
    finally:
        life.forget()
