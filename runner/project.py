"""The project whose stacks the commands run, and the rules for stack names, which all commands share."""

import json
import re
from pathlib import Path

import yaml

from components.node_labels import STACK
from sandbox.home import SandboxError

FOLDER = Path(__file__).parents[1]

# Pulumi's own rule; a name of dots only would be an existing folder.
_NAME = re.compile(r"(?!\.+$)[\w.-]{1,100}", re.ASCII)
_BACKENDS_ORGANIZATION = "organization"  # Pulumi's name for the only organization of a local backend


def project_name(folder: Path) -> str:
    """Returns the name in a folder's Pulumi.yaml."""
    return str(yaml.safe_load((folder / "Pulumi.yaml").read_text())["name"])


def stack_name(given: str, project: str) -> str:
    """Returns the unqualified name: `dev` for `dev`, `organization/dev` and `acme/exoscale-sks/dev`.

    Pulumi accepts these forms (https://www.pulumi.com/docs/iac/concepts/stacks/). With a project, the organization is
    ignored: a sandbox's backend has only one. Without a project it must be that one: `feature/login` is a branch.

    Args:
        project: the name in Pulumi.yaml.

    Raises:
        SandboxError: it is no such name, or another project's.
    """
    *qualifiers, name = given.split("/")
    if len(qualifiers) > 2 or not all(map(_NAME.fullmatch, (*qualifiers, name))):
        raise _refused(given, project)
    if len(qualifiers) == 1 and qualifiers != [_BACKENDS_ORGANIZATION]:
        raise _refused(given, project)
    if len(qualifiers) == 2 and qualifiers[1] != project:
        raise SandboxError(
            f"stack {given} is of project {qualifiers[1]}, this is {project}: go to the folder of that one"
        )
    return name


def new_stack_name(given: str, project: str) -> str:
    """Like `stack_name`, for a stack that may have to be created: the name must also be one that the program accepts.

    Raises:
        SandboxError: it is no such name, or another project's.
    """
    name = stack_name(given, project)
    if not STACK.fits(name):
        raise _refused(given, project)
    return name


def _refused(given: str, project: str) -> SandboxError:
    forms = f"NAME, {_BACKENDS_ORGANIZATION}/NAME or ORGANIZATION/{project}/NAME, where NAME is {STACK.words}"
    letters = re.sub(r"[^a-z0-9._-]+", "-", given.lower()).strip("._-")[:63].strip("._-")
    hint = f"; such as {letters}" if STACK.fits(letters) else ""
    return SandboxError(f"the stack's name is {json.dumps(given)}; allowed: {forms}{hint}")
