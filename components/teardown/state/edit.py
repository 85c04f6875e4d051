"""Removes resources and all references to them from an exported state, so that the rest can still be destroyed."""

import copy
from collections.abc import Collection, Iterable, Mapping, Sequence

from ..cloud.account import Document
from ..errors import TeardownError
from .recorded import CLUSTER, KUBECONFIG, NODEPOOL, is_drain, resources, text

_IN_THE_CLUSTER = "kubernetes:"  # without the provider, which the engine deletes without a call
_SINGLE = ("deletedWith", "viewOf")


def hopeless(exported: Document, gone: Collection[str]) -> list[Document]:
    """Returns the resources that no destroy can delete once the control planes are gone.

    Resources in the cluster and the drains need its API server. The cluster itself, its nodepools and its kubeconfig
    are included only if Exoscale no longer knows it: then the provider cannot even read a nodepool.

    Args:
        gone: ids of the clusters that Exoscale no longer knows.
    """
    return [one for one in resources(exported) if _hopeless(one, gone)]


def refuse_protected(dropped: Sequence[Document], stack: str) -> None:
    """
    Raises:
        TeardownError: one of them is protected, and only its owner may lift that.
    """
    protected = [one["urn"] for one in dropped if one.get("protect")]
    if protected:
        commands = "; ".join(f"pulumi state unprotect '{urn}' --stack {stack}" for urn in protected)
        raise TeardownError(f"the state of {stack} protects what would have to be dropped. Next: `{commands}`")


def without(exported: Document, dropped: Sequence[Document]) -> Document:
    """Returns the state without them, with the same order of destruction.

    A resource that depended on a dropped one now depends on what that depended on: an NLB that a drain separated from
    the nodepools is still deleted before them. A child of a dropped resource becomes a child of its parent's parent. A
    pending operation on a dropped resource is dropped with it.
    """
    result = copy.deepcopy(exported)
    kept = [copy.deepcopy(one) for one in resources(exported) if one not in dropped]
    # During a replacement a urn is in the state twice; a reference is valid as long as one of the two is.
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
    """Replaces every reference from a resource to dropped ones, or removes it if there is no replacement."""
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
    """Replaces dropped urns by what they depended on, without duplicates."""
    found: dict[str, None] = {}
    for urn in urns:
        found |= dict.fromkeys(_spliced(_needed(gone[urn]), gone) if urn in gone else [urn])
    return list(found)


def _needed(one: Document) -> list[str]:
    by_property = (one.get("propertyDependencies") or {}).values()
    return [*(one.get("dependencies") or []), *(urn for urns in by_property for urn in urns or [])]
