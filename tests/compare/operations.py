"""The operations of the OpenAPI document: which the sandbox serves, and which it answers 501."""

from collections.abc import Mapping

from sandbox.api import families
from sandbox.api.openapi import official
from sandbox.api.routes import HANDLERS

# Families of the document by the first part of their paths, with a few that are one to a reader.
_TOGETHER = {"dbaas": "dbaas", "dns": "dns-domain", "kms": "kms-key", "env": "environmental-impact", "iam": "iam"}


def by_family() -> Mapping[str, tuple[list[str], list[str]]]:
    """For each family of paths, the ids of the operations that are served and of those that are not."""
    families.load()
    found: dict[str, tuple[list[str], list[str]]] = {}
    for operation in sorted(official().operations.values(), key=lambda each: each.id):
        served, missing = found.setdefault(_family(operation.template), ([], []))
        (served if operation.id in HANDLERS else missing).append(operation.id)
    return dict(sorted(found.items()))


def _family(template: str) -> str:
    noun = template.split("/")[1].partition(":")[0]
    return _TOGETHER.get(noun.partition("-")[0], noun)
