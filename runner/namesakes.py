"""Finds a sandbox's stacks of one name in all projects, by its backend's states and its cloud's labels."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from exoscale.api.exceptions import ExoscaleAPIException

from components.teardown.cloud.stack_ref import StackRef
from runner.states import States, summary
from sandbox.client import SandboxClient, connect
from sandbox.environment import DEFAULT_ZONE
from sandbox.home import Record, running

_BACKOFF_SECONDS = 0.05
_KINDS = {
    "SKS cluster": ("list_sks_clusters", "sks-clusters"),
    "NLB": ("list_load_balancers", "load-balancers"),
    "instance": ("list_instances", "instances"),
    "volume": ("list_block_storage_volumes", "block-storage-volumes"),
    "snapshot": ("list_block_storage_snapshots", "block-storage-snapshots"),
}
_KINDS_OF_EVERY_ZONE = {
    "security group": ("list_security_groups", "security-groups"),
    "anti-affinity group": ("list_anti_affinity_groups", "anti-affinity-groups"),
}


@dataclass(frozen=True)
class Namesakes:
    """The stacks of one name, by project.

    Args:
        states: the content of their states, in words, without empty stacks.
        cloud: their resources in the cloud, in words.
        silence: why the cloud did not answer, if it did not.
    """

    stack: str
    states: dict[str, str]
    cloud: dict[str, str]
    silence: str = ""

    def __str__(self) -> str:
        """Returns the end of a line about a missing stack; empty if there is none of that name at all."""
        found = []
        for project in sorted({*self.states, *self.cloud}):
            places = [text for text in (self.states.get(project), self.cloud.get(project)) if text]
            found.append(f"; {project}/{self.stack} is here, with {' and '.join(places)}")
        unknown = f"; what the cloud holds it does not say: {self.silence}" if self.silence else ""
        return f"{''.join(found)}{unknown}"


def namesakes(home: Path, stack: str) -> Namesakes:
    """Looks for stacks of this name in the backend and, if the sandbox is running, in the cloud."""
    backend, record = States(home), running(home)
    states = {project: backend.resources(project, stack) for project, name in backend.stacks() if name == stack}
    told = {project: f"{summary(held)} in its state" for project, held in states.items() if held}
    if record is None:
        return Namesakes(stack, told, {})
    try:
        return Namesakes(stack, told, _in_cloud(record, stack))
    except (ExoscaleAPIException, requests.RequestException) as error:
        return Namesakes(stack, told, {}, " ".join(str(error).split()))


def _in_cloud(record: Record, stack: str) -> dict[str, str]:
    held: dict[str, Counter[str]] = {}
    for kind, item in _everything(record):
        owner = StackRef.from_labels(item) or StackRef.from_description(item)
        if owner and owner.stack == stack:
            held.setdefault(owner.project, Counter())[kind] += 1
    return {project: f"{_counted(kinds)} in the cloud" for project, kinds in held.items()}


def _everything(record: Record) -> Iterator[tuple[str, dict[str, Any]]]:
    def client(zone: str) -> SandboxClient:
        return connect(record.url, record.key, record.secret, zone, backoff_seconds=_BACKOFF_SECONDS)

    anywhere = client(DEFAULT_ZONE)
    yield from _listed(anywhere, _KINDS_OF_EVERY_ZONE)
    for zone in anywhere.list_zones()["zones"]:
        yield from _listed(client(zone["name"]), _KINDS)


def _listed(client: SandboxClient, kinds: dict[str, tuple[str, str]]) -> Iterator[tuple[str, dict[str, Any]]]:
    for kind, (method, key) in kinds.items():
        yield from ((kind, item) for item in getattr(client, method)()[key])


def _counted(kinds: Counter[str]) -> str:
    return ", ".join(f"{count} {kind}{'' if count == 1 else 's'}" for kind, count in sorted(kinds.items()))
