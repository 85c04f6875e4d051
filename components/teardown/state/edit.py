"""Takes resources out of an exported state, and every reference to them, so that the rest can still be destroyed."""

import copy
from collections.abc import Collection, Iterable, Mapping, Sequence

from ..cloud.account import Document
from ..errors import TeardownError
from .recorded import CLUSTER, KUBECONFIG, NODEPOOL, is_drain, resources, text

_IN_THE_CLUSTER = "kubernetes:"  # not its provider, which is deleted without a call
_SINGLE = ("deletedWith", "viewOf")


def hopeless(exported: Document, gone: Collection[str]) -> list[Document]:
    """The resources that no destroy can delete when the control planes are gone.

    Those in the cluster, and the drains, for want of an API server. The cluster itself, its nodepools and kubeconfig
    only where Exoscale does not know it any more: the provider cannot even read a nodepool then.

    Args:
        gone: ids of the clusters that Exoscale does not know.
    """
    return [one for one in resources(exported) if _hopeless(one, gone)]


def refuse_protected(dropped: Sequence[Document], stack: str) -> None:
    """
    Raises:
        TeardownError: one of them is protected, which is for its owner to lift.
    """
    protected = [one["urn"] for one in dropped if one.get("protect")]
    if protected:
        commands = "; ".join(f"pulumi state unprotect '{urn}' --stack {stack}" for urn in protected)
        raise TeardownError(f"the state of {stack} protects what would have to be dropped. Next: `{commands}`")


def without(exported: Document, dropped: Sequence[Document]) -> Document:
    """The state without them, in the same order of destruction.

    What depended on something dropped depends on what that depended on instead: an NLB that a drain kept apart from the
    nodepools still goes before them. A child of something dropped becomes a child of its parent's parent. What was
    interrupted while it worked on something dropped is forgotten with it.
    """
    result = copy.deepcopy(exported)
    kept = [copy.deepcopy(one) for one in resources(exported) if one not in dropped]
    # During a replacement a urn stands in the state twice; a reference holds as long as one of the two does.
    there = {one["urn"] for one in kept}
    gone = {one["urn"]: one for one in dropped if one["urn"] not in there}
    for one in kept:
        _rewrite(one, gone)
    deployment = result["deployment"]
    deployment["resources"] = kept
    if deployment.get("pending_operations"):
        pending = [one for one in deployment["pending_operations"] if one["resource"]["urn"] not in gone]
        for one in pending:
            _rewrite(one["resource"], gone)
        deployment["pending_operations"] = pending
    return result


def _hopeless(one: Document, gone: Collection[str]) -> bool:
    if one["type"].startswith(_IN_THE_CLUSTER) or is_drain(one):
        return True
    if one["type"] == CLUSTER:
        return one.get("id") in gone
    return one["type"] in (NODEPOOL, KUBECONFIG) and text(one, "clusterId") in gone


def _rewrite(one: Document, gone: Mapping[str, Document]) -> None:
    """Replaces every reference from one resource to those that are gone, or removes it where nothing can stand in."""
    while one.get("parent") in gone:
        one["parent"] = gone[one["parent"]].get("parent")
    if one.get("dependencies"):
        one["dependencies"] = _spliced(one["dependencies"], gone)
    for name, urns in (one.get("propertyDependencies") or {}).items():
        one["propertyDependencies"][name] = _spliced(urns or [], gone)
    if one.get("replaceWith"):
        one["replaceWith"] = [urn for urn in one["replaceWith"] if urn not in gone]
    for key in _SINGLE:
        if one.get(key) in gone:
            del one[key]


def _spliced(urns: Iterable[str], gone: Mapping[str, Document]) -> list[str]:
    """Each once; in place of what is gone, what that depended on."""
    found: dict[str, None] = {}
    for urn in urns:
        found |= dict.fromkeys(_spliced(_needed(gone[urn]), gone) if urn in gone else [urn])
    return list(found)


def _needed(one: Document) -> list[str]:
    by_property = (one.get("propertyDependencies") or {}).values()
    return [*(one.get("dependencies") or []), *(urn for urns in by_property for urn in urns or [])]
