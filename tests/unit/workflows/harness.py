"""Runs the steps of a workflow as GitHub's runner would: expressions, `if`, environment, outputs, uploaded files."""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

PROJECT = Path(__file__).parents[3]
WORKFLOWS = PROJECT / ".github" / "workflows"
_TOKEN = re.compile(r"\s*('(?:[^']|'')*'|&&|\|\||==|!=|[()]|always\(\)|[\w.-]+)")
_WORDS = {"&&": " and ", "||": " or ", "==": " == ", "!=": " != ", "(": "(", ")": ")", "always()": "True"}


@dataclass
class Runner:
    """A machine of GitHub's.

    Args:
        workflow: name of the workflow's file.
        contexts: `github`, `vars` and `secrets`.
        checkout: the folder in which the steps run.
        temp: the runner's own folder.
        path: folder with stand-ins for commands.
        environment: variables for the stand-ins.
    """

    workflow: str
    contexts: Mapping[str, Any]
    checkout: Path
    temp: Path
    path: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    seen: dict[str, dict[str, str]] = field(default_factory=dict)
    """The environment that the workflow gave to each step."""

    def run(self) -> bool:
        """Runs the workflow's job, if GitHub would; whether all steps succeeded."""
        (job,) = yaml.safe_load((WORKFLOWS / f"{self.workflow}.yml").read_text())["jobs"].values()
        self.temp.mkdir(parents=True, exist_ok=True)
        self.steps: dict[str, Any] = {}
        if not self.value(job.get("if", "always()")):
            return True
        succeeded = True
        for step in job["steps"]:
            if succeeded or "always()" in str(step.get("if")):
                succeeded = self._step(step) and succeeded
        return succeeded

    @property
    def uploaded(self) -> Path:
        """The files of the artifact; missing if the job uploaded none."""
        return self.temp / "uploaded"

    def _step(self, step: dict[str, Any]) -> bool:
        if "run" not in step:
            if "upload-artifact" in step["uses"]:
                found = Path(self.text(step["with"]["path"]))
                assert any(found.iterdir())
                shutil.copytree(found, self.uploaded)
            return True
        outputs = self.temp / "outputs"
        outputs.write_text("")
        given = {name: self.text(str(one)) for name, one in step.get("env", {}).items()}
        self.seen[step.get("name", step["run"])] = given
        # Nothing of this machine's but what a shell needs: a variable that the workflow forgot is missing here too.
        base = {"PATH": f"{self.path}:{os.environ['PATH']}", "HOME": str(self.temp), "GITHUB_OUTPUT": str(outputs)}
        command = ("bash", "-e", "-o", "pipefail", "-c", step["run"])
        ended = subprocess.run(command, cwd=self.checkout, env={**base, **self.environment, **given}, timeout=60)
        if "id" in step:
            pairs = dict(line.split("=", 1) for line in outputs.read_text().splitlines())
            self.steps[step["id"]] = {"outputs": pairs}
        return ended.returncode == 0

    def text(self, template: str) -> str:
        """Fills in the expressions of a text."""
        return re.sub(r"\$\{\{(.*?)\}\}", lambda match: str(self.value(match[1]) or ""), template)

    def value(self, expression: str) -> Any:
        """Evaluates an expression; what is missing is an empty text."""
        words = _TOKEN.findall(expression.strip())
        assert "".join(words) == re.sub(r"\s(?=(?:[^']*'[^']*')*[^']*$)", "", expression.strip()), expression
        return eval("".join(_WORDS.get(word) or self._operand(word) for word in words), {"__builtins__": {}})

    def _operand(self, word: str) -> str:
        if word.startswith("'"):
            return repr(word[1:-1].replace("''", "'"))
        found: Any = {**self.contexts, "runner": {"temp": str(self.temp)}, "steps": self.steps}
        for key in word.split("."):
            found = found.get(key, "") if isinstance(found, dict) else ""
        return repr(found)
