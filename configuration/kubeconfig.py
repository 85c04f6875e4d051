"""The settings of the kubeconfig for people, and how they are read."""

import os
from dataclasses import dataclass
from pathlib import Path

from components.kubeconfig_file import obstacle
from components.teardown.cloud.stack_ref import StackRef
from configuration.reading import Form, Table

MONTH, WEEK = 30 * 24 * 3600, 7 * 24 * 3600  # seconds
CENTURY = 100 * 365 * 24 * 3600  # seconds; certificates cannot say years of five digits
SUBJECT = Form(r"[ -~]{1,64}", "1 to 64 letters, digits or signs of ASCII, which every certificate's subject takes")
FILE = Form(r"[^\x00-\x1f\x7f$]+", "a path, in which ~ is expanded and $ cannot be")


@dataclass(frozen=True)
class KubeconfigSettings:
    """See `kubeconfig` in Pulumi.yaml. `file` is absolute."""

    user: str
    groups: tuple[str, ...]
    ttl_seconds: int
    early_renewal_seconds: int
    file: Path


def kubeconfig(table: Table, stack: StackRef) -> KubeconfigSettings:
    """Reads the object `kubeconfig`; what is wrong is noted in its problems."""
    ttl = table.number("ttl-seconds", MONTH, least=1, most=CENTURY)
    settings = KubeconfigSettings(
        user=table.text("user", "kubernetes-admin", form=SUBJECT),
        groups=table.texts("groups", ("system:masters",), form=SUBJECT),
        ttl_seconds=ttl,
        # A certificate that is always up for renewal would be another one after every up.
        early_renewal_seconds=table.number("early-renewal-seconds", min(WEEK, ttl // 4), least=0, most=ttl - 1),
        file=_file(table, stack),
    )
    table.finish()
    return settings


def _file(table: Table, stack: StackRef) -> Path:
    said = table.text("file", f".kube/{stack.stack}.yaml", form=FILE)
    expanded = os.path.expanduser(said)
    file = Path(__file__).parents[1].resolve() / expanded
    if not FILE.fits(said):
        return file
    if expanded.startswith("~"):
        table.refuse(table.full("file"), said, "a path of which ~ can be expanded, and there is no such home folder")
    elif why := obstacle(file, stack):
        table.refuse(table.full("file"), said, f"a kubeconfig or a new file, and {file} {why}")
    return file
