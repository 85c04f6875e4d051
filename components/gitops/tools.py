"""The GitOps tools that can be chosen by name."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import pulumi

from ..ingress.service import Chart

CustomObject = tuple[str, str, dict[str, Any]]
"""API version, kind and spec of a custom resource."""


class Tool(Protocol):
    """What is different from tool to tool."""

    @property
    def chart(self) -> Chart:
        """The chart, in a pinned version."""

    @property
    def title(self) -> str:
        """What people call it."""

    @property
    def namespace(self) -> str:
        """The namespace that the tool's documentation uses, and in which its command line looks for it."""

    def values(self, name: str, whose: Mapping[str, pulumi.Input[str]]) -> Mapping[str, Any]:
        """Returns values for the chart.

        Args:
            name: name of the release.
            whose: annotations for any of its objects.
        """

    def follow(self, name: str, repository: str, branch: str, path: str) -> Sequence[CustomObject]:
        """Returns the objects that make the tool apply a folder, all named `name`. Deleting them deletes nothing that
        they applied."""


class ArgoCD:
    """Argo CD, from the community's chart `argo-cd`.

    The chart keeps its CustomResourceDefinitions at an uninstall, and so do we: with a definition go all its objects,
    those of users included.
    """

    # https://github.com/argoproj/argo-helm/tree/main/charts/argo-cd
    chart = Chart("argo-cd", "https://argoproj.github.io/argo-helm", "10.9.2")
    title = "Argo CD"
    namespace = "argocd"

    def values(self, name: str, whose: Mapping[str, pulumi.Input[str]]) -> Mapping[str, Any]:
        """See Tool."""
        return {
            "fullnameOverride": name,
            "crds": {"install": True, "keep": True},
            "global": {"deploymentAnnotations": {**whose}},
        }

    def follow(self, name: str, repository: str, branch: str, path: str) -> Sequence[CustomObject]:
        """See Tool. An Application without a finalizer is deleted without what it applied
        (https://argo-cd.readthedocs.io/en/stable/user-guide/app_deletion/)."""
        spec = {
            "project": "default",
            "source": {"repoURL": repository, "targetRevision": branch, "path": path},
            "destination": {"server": "https://kubernetes.default.svc", "namespace": "default"},
            "syncPolicy": {
                "automated": {"prune": True, "selfHeal": True},
                "syncOptions": ["CreateNamespace=true"],
            },
        }
        return [("argoproj.io/v1alpha1", "Application", spec)]


class Flux:
    """Flux, from the community's chart `flux2`."""

    # https://github.com/fluxcd-community/helm-charts/tree/main/charts/flux2
    chart = Chart("flux2", "https://fluxcd-community.github.io/helm-charts", "2.17.0")
    title = "Flux"
    namespace = "flux-system"

    def values(self, name: str, whose: Mapping[str, pulumi.Input[str]]) -> Mapping[str, Any]:
        """See Tool; the chart's objects have names of their own."""
        return {"installCRDs": True, "sourceController": {"annotations": {**whose}}}

    def follow(self, name: str, repository: str, branch: str, path: str) -> Sequence[CustomObject]:
        """See Tool. With `deletionPolicy: Orphan` a deleted Kustomization leaves what it applied
        (https://fluxcd.io/flux/components/kustomize/kustomizations/)."""
        source = {"interval": "1m", "url": repository, "ref": {"branch": branch}}
        applied = {
            "interval": "10m",
            "path": "./" if path == "." else f"./{path.removeprefix('./')}",
            "prune": True,
            "deletionPolicy": "Orphan",
            "sourceRef": {"kind": "GitRepository", "name": name},
        }
        return [
            ("source.toolkit.fluxcd.io/v1", "GitRepository", source),
            ("kustomize.toolkit.fluxcd.io/v1", "Kustomization", applied),
        ]


TOOLS: dict[str, Tool] = {"argocd": ArgoCD(), "flux": Flux()}
