"""Runs the program's stacks on the sandbox with the real Pulumi engine, through the Automation API.

Neither Pulumi's language host nor its provider plugins are needed: the program runs inline in this process
and the plugin stand-ins are attached (design §5). The stack's state lives in the sandbox's home, away from
whatever backend the user is logged in to.
"""

import os
import runpy
import secrets
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from filelock import FileLock, Timeout
from pulumi import automation

from sandbox import language
from sandbox.files import write_private
from sandbox.home import SandboxError
from sandbox.plugins.command import CommandProvider
from sandbox.plugins.exoscale import ExoscaleProvider
from sandbox.plugins.host import PluginHost
from sandbox.plugins.kubernetes import KubernetesProvider
from sandbox.plugins.timing import Timing
from sandbox.workspace import Workspace
from tools import path_of

Config = dict[str, Any]


class SandboxStack:
    """One stack of the program, on a running sandbox.

    Args:
        home: the sandbox's folder; the state backend is kept in it.
        project: folder with `Pulumi.yaml` and `__main__.py`.
        name: the stack's name; its settings are those of `Pulumi.<name>.yaml`, or of `Pulumi.sandbox.yaml`
            where there is none.
        environment: the sandbox's variables (`Sandbox.environment()`), which reach engine and stand-ins.
        config: settings that differ from the stack file, by full key (`exoscale-sks:ingress`).
        program: what to run instead of `__main__.py`.
        timing: how long the stand-ins wait between two looks at an operation.
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
    ) -> None:
        self.name = name
        self.config = config or {}
        self._home = home
        self._project = project
        self._environment = dict(environment)
        self._program = program or self._main
        self._timing = timing or Timing()
        language.install()

    def up(self, **options: Any) -> automation.UpResult:
        """`pulumi up`. Options are those of `pulumi.automation.Stack.up`; the summary shows no secret setting."""
        with self._stack() as stack:
            return stack.up(**{"show_secrets": False, **options})

    def preview(self, **options: Any) -> automation.PreviewResult:
        """`pulumi preview`."""
        with self._stack() as stack:
            return stack.preview(**options)

    def destroy(self, **options: Any) -> automation.DestroyResult:
        """`pulumi destroy`."""
        with self._stack() as stack:
            return stack.destroy(**{"show_secrets": False, **options})

    def variables(self) -> dict[str, str]:
        """What a `pulumi` of the user's, or what asks one, needs to see this stack and its cloud."""
        path = f"{path_of('pulumi').parent}{os.pathsep}{os.environ['PATH']}"
        return {**self._environment, **self._backend(), "PATH": path}

    def forget(self) -> None:
        """Removes the stack and its state, whatever they still hold; nothing is deleted in the cloud."""
        with self._stack() as stack:
            stack.workspace.remove_stack(self.name, force=True)

    @contextmanager
    def _stack(self) -> Iterator[automation.Stack]:
        stand_ins = (ExoscaleProvider(self._timing), KubernetesProvider(), CommandProvider())
        with self._alone(), PluginHost(stand_ins, self._project, self._environment) as host:
            variables = {**self._environment, **self._backend(), "PULUMI_DEBUG_PROVIDERS": host.debug_providers}
            workspace = Workspace(
                self._home / "pulumi",
                work_dir=str(self._workspace()),
                program=self._program,
                env_vars=variables,
                pulumi_command=pulumi_command(),
            )
            stack = workspace.create_or_take(self.name)
            # Nobody else works on this stack, so an engine's lock is what a killed one left behind.
            if any((self._home / "pulumi" / ".pulumi" / "locks").glob(f"**/{self.name}/*.json")):
                stack.cancel()
            yield stack

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Holds the stack; the kernel lets go of it when this process ends, however it ends."""
        (self._home / "stacks").mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(self._home / "stacks" / f".{self.name}.lock", timeout=0):
                yield
        except Timeout:
            raise SandboxError(f"another command works on stack {self.name}: wait for it, or end it") from None

    def _backend(self) -> dict[str, str]:
        state, passphrase = self._home / "pulumi", self._home / "passphrase"
        state.mkdir(parents=True, exist_ok=True)
        if not passphrase.exists():
            write_private(passphrase, secrets.token_hex(16))
        return {
            # Without `skip` the backend writes a file of attributes beside the state, not in one step: an engine killed
            # meanwhile leaves it empty, and every later command ends with "failed to load checkpoint: EOF".
            "PULUMI_BACKEND_URL": f"file://{state}?metadata=skip",
            "PULUMI_DIY_BACKEND_GZIP": "false",  # we read its files, whatever the user has for those elsewhere
            "PULUMI_HOME": str(self._home / "pulumi-home"),
            "PULUMI_CONFIG_PASSPHRASE_FILE": str(passphrase),
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
        }

    def _workspace(self) -> Path:
        """A folder with a copy of the settings: the engine adds a salt to the stack file that it is given."""
        folder = self._home / "stacks" / self.name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "Pulumi.yaml").write_text(yaml.safe_dump(self._settings(), sort_keys=False))
        stack_file = folder / f"Pulumi.{self.name}.yaml"
        settings = yaml.safe_load(settings_file(self._project, self.name).read_text()) or {}
        if stack_file.exists():
            salt = (yaml.safe_load(stack_file.read_text()) or {}).get("encryptionsalt")
            settings |= {"encryptionsalt": salt} if salt else {}
        settings["config"] = {**settings.get("config", {}), **self.config}
        stack_file.write_text(yaml.safe_dump(settings, sort_keys=False))
        return folder

    def _settings(self) -> dict[str, Any]:
        settings: dict[str, Any] = yaml.safe_load((self._project / "Pulumi.yaml").read_text())
        return settings

    def _main(self) -> None:
        if str(self._project) not in sys.path:
            sys.path.insert(0, str(self._project))
        runpy.run_path(str(self._project / "__main__.py"), run_name="__main__")


def settings_file(project: Path, stack: str) -> Path:
    """The settings of a stack: its own file, or that of `sandbox` where it has none."""
    own = project / f"Pulumi.{stack}.yaml"
    return own if own.exists() else project / "Pulumi.sandbox.yaml"


def pulumi_command() -> automation.PulumiCommand:
    """The pinned engine, whatever else is on PATH."""
    folder = str(path_of("pulumi").parent)
    if folder not in os.environ["PATH"].split(os.pathsep):
        os.environ["PATH"] = folder + os.pathsep + os.environ["PATH"]
    return _found()


@cache
def _found() -> automation.PulumiCommand:
    """Asks it for its version, which takes a process and so is done once."""
    return automation.PulumiCommand()
