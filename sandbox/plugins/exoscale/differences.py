"""Diff: what changed, what it replaces, whether the old object goes first (docs/plugins.md, Exoscale differences)."""

from sandbox.plugins.exoscale.schema import DEFAULTS, Resource
from sandbox.plugins.provider import Change, DiffRequest, DiffResult

_REPLACING = {
    Change.ADD: Change.ADD_REPLACE,
    Change.UPDATE: Change.UPDATE_REPLACE,
    Change.DELETE: Change.DELETE_REPLACE,
}


def diff(resource: Resource, request: DiffRequest) -> DiffResult:
    """Compares the state's outputs with the checked inputs."""
    edit = resource.edit(request.olds, request.news)
    changes: dict[str, Change] = {}
    for key in sorted(edit.keys - set(request.ignore_changes)):
        spec = resource.inputs[key]
        change = Change.UPDATE
        if spec.comparable(request.olds.get(key)) is None:
            change = Change.ADD
        elif request.news.get(key) is None:
            change = Change.DELETE
        changes[key] = _REPLACING[change] if spec.replaces else change
    renewed = resource.renewal(request.olds, request.news)
    if renewed:
        changes[renewed] = Change.UPDATE_REPLACE
    replaces = [key for key, change in changes.items() if change in _REPLACING.values()]
    return DiffResult(
        changed=bool(changes),
        diffs=list(changes),
        replaces=replaces,
        stables=[key for key, spec in resource.inputs.items() if spec.replaces and key not in changes],
        detailed=changes,
        delete_before_replace=bool(replaces) and resource.autonamed and _named_by_program(request),
    )


def _named_by_program(request: DiffRequest) -> bool:
    """Two objects of one name cannot be relied on to coexist; a made-up name is new each time."""
    return "name" not in request.news.get(DEFAULTS, ["name"])
