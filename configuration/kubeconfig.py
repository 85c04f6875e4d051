"""Reads the settings of the kubeconfig for people."""

import os
from pathlib import Path

from components.checks import Form
from components.cluster_args import AccessArgs
from components.kubeconfig_file import obstacle
from components.teardown.cloud.stack_ref import StackRef

from .reading import Table

PROJECT = Path(__file__).parents[1].resolve()
FILE = Form(r"[^\x00-\x1f\x7f$]+", "a path without $, in which ~ is expanded")


def access(table: Table, stack: StackRef) -> AccessArgs:
    """Reads the object `kubeconfig`; notes mistakes in its problems and returns a default instead."""
    arguments = {**table.arguments(AccessArgs), "file": _file(table, stack)}
    if isinstance(arguments.get("groups"), list):
        arguments["groups"] = tuple(arguments["groups"])
    table.finish()
    return table.made(AccessArgs, arguments) or AccessArgs()


def _file(table: Table, stack: StackRef) -> Path:
    said = table.text("file", f".kube/{stack.stack}.yaml", form=FILE)
    expanded = os.path.expanduser(said)
    file = PROJECT / expanded
    if not FILE.fits(said):
        return file
    if expanded.startswith("~"):
        table.refuse("file", said, "a path of which ~ can be expanded, and there is no such home folder")
    elif why := obstacle(file, stack):
        table.refuse("file", said, f"a kubeconfig or a new file, and {file} {why}")
    return file
