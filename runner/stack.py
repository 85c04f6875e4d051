"""Runs the program's stacks on the sandbox with the real Pulumi engine, through the Automation API.

It needs neither Pulumi's language host nor its provider plugins: the program runs inline in this process, and the
engine attaches to the plugin stand-ins.
"""

import os
import runpy
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml
from filelock import FileLock, Timeout
from pulumi import automation

from runner import language
from runner.project import project_name
from runner.states import Resource, States
from runner.workspace import Workspace
from sandbox.environment import forget_foreign
from sandbox.files import write_private
from sandbox.home import SandboxError
from sandbox.plugins.command import CommandProvider
from sandbox.plugins.exoscale import ExoscaleProvider
from sandbox.plugins.host import PluginHost
from sandbox.plugins.kubernetes import KubernetesProvider
from sandbox.plugins.provider import Provider
from sandbox.plugins.timing import Timing
from tools import path_of

Config = dict[str, Any]
PLUGINS = ("exoscale", "kubernetes", "command")
"""The provider plugins that have a stand-in."""
STAND_IN, REAL = "stand-in", "real"


class SandboxStack:
    """One stack of the program, on a running sandbox.

    Args:
        home: the sandbox's folder, which contains its backend.
        project: folder with `Pulumi.yaml` and `__main__.py`.
        name: the stack's name; its settings are in `Pulumi.<name>.yaml`, or, if there is none, in
            `Pulumi.sandbox.yaml`.
        environment: the sandbox's variables (`Sandbox.environment()`), for engine and stand-ins.
        config: settings that differ from the stack file, by full key (`exoscale-sks:ingress`).
        program: program to run instead of `__main__.py`.
        timing: how long the stand-ins wait between two polls of an operation.
        stand_ins: more providers that replace the plugins of their packages.
        plugins: `stand-in`, or `real` for those that Pulumi finds installed or on PATH. None uses the variable
            SANDBOX_PLUGINS, with which `make compare` runs whole test files with the real plugins.
    """

    def __init__(
        self,
        home: Path,
        project: Path,
        name: str,
        environment: Mapping[str, str],
        config: Config | None = None,
        program: Callable[[], None] | None = None,
        timing: Timing | None = None,
        stand_ins: Sequence[Provider[Any]] = (),
        plugins: str | None = None,
    ) -> None:
        self.name = name
        self.config = config or {}
        self._home = home
        self._project = project
        self._environment = dict(environment)
        self._program = program or self._main
        self._timing = timing or Timing()
        self._stand_ins = stand_ins
        self._plugins = plugins or os.environ.get("SANDBOX_PLUGINS") or STAND_IN
        language.install()
        # The Automation API starts the engine with this process's environment: the user's own passphrase would override
        # the sandbox's.
        forget_foreign(os.environ, "PULUMI_")

    def up(self, **options: Any) -> automation.UpResult:
        """Runs `pulumi up`. Options are those of `pulumi.automation.Stack.up`; the summary shows no secret setting."""
        with self._alone(), self._stack(self._home) as stack:
            return stack.up(**{"show_secrets": False, **options})

    def preview(self, **options: Any) -> automation.PreviewResult:
        """Runs `pulumi preview`. It needs a stack; a missing one is created in a temporary folder."""
        with self._alone(), self._root() as root, self._stack(root) as stack:
            return stack.preview(**options)

    def destroy(self, **options: Any) -> automation.DestroyResult:
        """`pulumi destroy`.

        Raises:
            SandboxError: there is no such stack; it creates none.
        """
        with self._existing() as stack:
            return stack.destroy(**{"show_secrets": False, **options})

    def refresh(self, **options: Any) -> automation.RefreshResult:
        """`pulumi refresh`; see `destroy`."""
        with self._existing() as stack:
            return stack.refresh(**{"show_secrets": False, **options})

    def export(self) -> Config:
        """`pulumi stack export`; see `destroy`."""
        with self._existing() as stack:
            exported = stack.export_stack()
            return {"version": exported.version, "deployment": exported.deployment}

    def restore(self, exported: Config) -> None:
        """`pulumi stack import`."""
        with self._alone(), self._stack(self._home) as stack:
            stack.import_stack(automation.Deployment(exported["version"], exported["deployment"]))

    def rename(self, name: str) -> None:
        """Runs `pulumi stack rename`; from then on the settings are those of the new name."""
        with self._existing() as stack:
            stack.rename(name)
        self.name = name

    @property
    def exists(self) -> bool:
        """Whether the backend has this stack, even if it is empty."""
        return States(self._home).has(self.project, self.name)

    @property
    def project(self) -> str:
        """The project's name in Pulumi.yaml."""
        return project_name(self._project)

    def resources(self) -> list[Resource]:
        """Returns the resources in its state."""
        return States(self._home).resources(self.project, self.name)

    def forget(self) -> None:
        """Removes the stack and its state, whatever they still hold, and deletes nothing in the cloud."""
        with self._alone(), self._stack(self._home) as stack:
            stack.workspace.remove_stack(self.name, force=True)

    @contextmanager
    def _existing(self) -> Iterator[automation.Stack]:
        with self._alone():
            if not self.exists:
                raise SandboxError(f"there is no stack {self.project}/{self.name} on this sandbox")
            with self._stack(self._home) as stack:
                yield stack

    @contextmanager
    def _root(self) -> Iterator[Path]:
        """Yields the sandbox's folder, or a temporary one for a stack that does not exist."""
        if self.exists:
            yield self._home
            return
        with TemporaryDirectory(prefix=".preview-", dir=self._home) as scratch:
            yield Path(scratch)

    @contextmanager
    def _stack(self, root: Path) -> Iterator[automation.Stack]:
        """Returns the stack with its plugins; creates it if it is missing.

        Args:
            root: folder of its backend and its settings.
        """
        backend = States(self._home, root / "pulumi")
        backend.prepare()
        backend.resources(self.project, self.name)  # refuses an unreadable state and names it
        own: list[Provider[Any]] = []
        if self._plugins == STAND_IN:
            own = [ExoscaleProvider(self._timing), KubernetesProvider(), CommandProvider()]
        with PluginHost([*own, *self._stand_ins], self._project, self._environment) as host:
            workspace = Workspace(
                backend.folder,
                work_dir=str(self._workspace(root / "stacks" / self.name)),
                program=self._program,
                env_vars={
                    **self._environment,
                    **backend.variables(),
                    "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
                    **({"PULUMI_DEBUG_PROVIDERS": host.debug_providers} if host.debug_providers else {}),
                },
                pulumi_command=pulumi_command(),
            )
            stack = workspace.create_or_take(self.name)
            if backend.is_locked_by_the_dead(self.project, self.name):
                stack.cancel()
            yield stack

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Locks the stack; the kernel releases the lock when this process ends, however it ends."""
        (self._home / "stacks").mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(self._home / "stacks" / f".{self.name}.lock", timeout=0):
                yield
        except Timeout:
            raise SandboxError(f"another command works on stack {self.name}: wait for it, or end it") from None

    def _workspace(self, folder: Path) -> Path:
        """Makes a folder with a copy of the settings, because the engine adds a salt to its stack file."""
        folder.mkdir(parents=True, exist_ok=True)
        write_private(folder / "Pulumi.yaml", yaml.safe_dump(self._settings(), sort_keys=False))
        stack_file = folder / f"Pulumi.{self.name}.yaml"
        files = [self._project / f"Pulumi.{name}.yaml" for name in (self.name, "sandbox")]
        given = next((file.read_text() for file in files if file.exists()), "")  # a destroy needs none
        settings = yaml.safe_load(given) or {}
        salt = _salt(stack_file) or States(self._home).salt(self.project, self.name)
        settings |= {"encryptionsalt": salt} if salt else {}
        settings["config"] = {**settings.get("config", {}), **self.config}
        write_private(stack_file, yaml.safe_dump(settings, sort_keys=False))
        return folder

    def _settings(self) -> dict[str, Any]:
        """Returns Pulumi.yaml with plugin paths that are valid in another folder, too."""
        settings: dict[str, Any] = yaml.safe_load((self._project / "Pulumi.yaml").read_text())
        for plugin in (one for kind in (settings.get("plugins") or {}).values() for one in kind):
            if "path" in plugin:
                plugin["path"] = str((self._project / plugin["path"]).resolve())
        return settings

    def _main(self) -> None:
        if str(self._project) not in sys.path:
            sys.path.insert(0, str(self._project))
        runpy.run_path(str(self._project / "__main__.py"), run_name="__main__")


def _salt(stack_file: Path) -> str | None:
    """Returns what the engine added to the stack file; None if there is nothing, or if it was killed while writing."""
    try:
        settings = yaml.safe_load(stack_file.read_text())
    except (FileNotFoundError, yaml.YAMLError):
        return None
    return settings.get("encryptionsalt") if isinstance(settings, dict) else None


def pulumi_command() -> automation.PulumiCommand:
    """Returns the pinned engine, whatever else is on PATH."""
    folder = str(path_of("pulumi").parent)
    if folder not in os.environ["PATH"].split(os.pathsep):
        os.environ["PATH"] = folder + os.pathsep + os.environ["PATH"]
    return _found()


@cache
def _found() -> automation.PulumiCommand:
    """Asks the engine for its version, once, as that starts a process."""
    return automation.PulumiCommand()
