"""A GitOps tool in the cluster, which applies a folder of a Git repository and keeps it applied."""

from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as kubernetes

from ..checks import DAY, Checks, Form
from ..component import Component
from ..ingress.host import IngressHost
from ..ingress.service import Chart
from ..release import helm_release, whose, within
from .tools import TOOLS

REPOSITORY = Form(r"(https|ssh)://[^\s/]+/\S+", "the https:// or ssh:// URL of a Git repository")
FOLDER = Form(r"(?!/)(?!(.*/)?\.\.(/|$))\S+", "a folder within the repository, such as `apps`")
BRANCH = Form(r"[^\s~^:?*\[\\]+", "a branch of the repository")


@dataclass(frozen=True)
class GitOpsArgs:
    """Arguments of a GitOps.

    Args:
        repository: URL of the Git repository, `https://…` or `ssh://…`, without credentials: it is in the state.
        tool: `argocd` or `flux`.
        path: folder of the repository whose manifests are applied.
        branch: branch to follow.
        chart: chart to install instead of the official one.
        timeout_seconds: how long an install waits for the tool's pods, and an uninstall for their removal.

    Raises:
        Invalid: lists every argument that cannot work, one per line.
    """

    repository: str
    tool: str = "argocd"
    path: str = "."
    branch: str = "main"
    chart: Chart | None = None
    timeout_seconds: int = 300

    def __post_init__(self) -> None:
        checks = Checks()
        if isinstance(self.repository, str) and _has_password(self.repository):
            checks.note("repository", "has a password or token in it, which would be in the state; leave it out")
        else:
            checks.form("repository", self.repository, REPOSITORY)
        checks.one_of("tool", self.tool, TOOLS)
        checks.form("path", self.path, FOLDER)
        checks.form("branch", self.branch, BRANCH)
        checks.number("timeout_seconds", self.timeout_seconds, 1, DAY)
        checks.finish()


class GitOps(Component):
    """Argo CD or Flux, and the one object that makes it follow a folder of a repository.

    Deleting that object leaves alone what it applied: the tool may have applied some of it to other clusters. In the
    stack's own cluster the drain deletes what costs money, and refuses to let the tool create it again; the rest goes
    with the cluster. A destroy does not wait for the tool, so a dead one does not hold it up.

    Args:
        name: component name; also the name of the release, of its namespace, and of the object. The tools' own command
            lines look in the namespaces `argocd` and `flux-system`.
        cluster: cluster to install into: a Cluster, a LocalCluster or an OtherCluster.
        args: which tool, and what it follows.
        opts: component options.
    """

    release: kubernetes.helm.v3.Release
    """The tool's release."""

    def __init__(
        self, name: str, cluster: IngressHost, args: GitOpsArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        inside = pulumi.ResourceOptions(providers=[cluster.provider], depends_on=[*cluster.foundations])
        super().__init__("GitOps", name, pulumi.ResourceOptions.merge(inside, opts))
        tool, child = TOOLS[args.tool], pulumi.ResourceOptions(parent=self)
        self.release = helm_release(
            name,
            cluster,
            args.chart or tool.chart,
            tool.values(name, whose(cluster, tool.title)),
            args.timeout_seconds,
            child,
        )
        followed = [
            kubernetes.apiextensions.CustomResource(
                f"{name}-{kind.lower()}",
                api_version=api_version,
                kind=kind,
                metadata={
                    "name": name,
                    "namespace": within(cluster, name),
                    # The tool removes its own finalizers, and a dead one never does: nobody may wait for that. In the
                    # foreground the object would be there until the garbage collector knows its kind, too.
                    "annotations": {
                        "pulumi.com/skipAwait": "true",
                        "pulumi.com/deletionPropagationPolicy": "background",
                    },
                },
                spec=spec,
                opts=pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(depends_on=[self.release])),
            )
            for api_version, kind, spec in tool.follow(name, args.repository, args.branch, args.path)
        ]
        self.register_outputs({"release": self.release})
        cluster.drain_before(self.release, *followed)


def _has_password(repository: str) -> bool:
    authority = repository.partition("://")[2].partition("/")[0]
    user, at, _ = authority.rpartition("@")
    # The user of an ssh:// URL is no secret; in an https:// URL it may be a token.
    return bool(at) and (":" in user or repository.startswith("https://"))
