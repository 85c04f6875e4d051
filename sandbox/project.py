"""The project whose stacks the commands run, and what the name of a stack means, in every command the same."""

import re
from pathlib import Path

import yaml

from sandbox.home import SandboxError

FOLDER = Path(__file__).parents[1]

# Pulumi's own rule; a name of dots only would be a folder that is there already.
_NAME = re.compile(r"(?!\.+$)[\w.-]{1,100}", re.ASCII)


def project_name(folder: Path) -> str:
    """The name in a folder's Pulumi.yaml."""
    return str(yaml.safe_load((folder / "Pulumi.yaml").read_text())["name"])


def stack_name(given: str, project: str) -> str:
    """The name without what qualifies it: of `dev`, `acme/dev` and `acme/exoscale-sks/dev` it is `dev`.

    Pulumi takes these three forms (https://www.pulumi.com/docs/iac/concepts/stacks/). The organization does not count:
    the backend of a sandbox has but one.

    Args:
        project: the name in Pulumi.yaml.

    Raises:
        SandboxError: it is no such name, or another project's.
    """
    *qualifiers, name = given.split("/")
    if len(qualifiers) > 2 or not all(map(_NAME.fullmatch, (*qualifiers, name))):
        forms = f"NAME, ORGANIZATION/NAME, ORGANIZATION/{project}/NAME; a name is of letters, digits and . _ -"
        raise SandboxError(f'stack is "{given}"; allowed: {forms}')
    if len(qualifiers) == 2 and qualifiers[1] != project:
        raise SandboxError(
            f"stack {given} is of project {qualifiers[1]}, this is {project}: go to the folder of that one"
        )
    return name
