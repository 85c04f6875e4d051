"""The command-line tools that the sandbox and the tests use, and where each one comes from.

Versions are pinned once, in each tool's own `go.mod` (with its `go.sum`); everything else is derived.
"""

import platform
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

HERE = Path(__file__).parent
OS = platform.system().lower()
ARCH = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())


@dataclass(frozen=True)
class Tool:
    """A module of the Go proxy and the binaries that it builds.

    Args:
        name: folder under `tools/` that holds its `go.mod`.
        why: what it is here for.
        module: the module whose version counts.
        binaries: package by name of the binary.
        stamps: linker variables that must hold the version; without them the tool reports a development
            version that its clients refuse. `{v}` is the version with its `v`.
        archive: address of the publisher's archive or, with `{binary}`, of each binary; empty where the
            publisher ships none. `{os}`, `{arch}`, `{v}` (with v) and `{n}` (without) are filled in.
        checksums: address of the file with the SHA-256 sums.
        version_args: what makes the first binary print its version.
        target: of `make`, which installs it.
    """

    name: str
    why: str
    module: str
    binaries: dict[str, str]
    stamps: tuple[str, ...] = ()
    archive: str = ""
    checksums: str = ""
    version_args: tuple[str, ...] = ("version",)
    target: str = "tools"

    @cached_property
    def version(self) -> str:
        """The pinned version, with its leading v."""
        found = re.search(rf"{re.escape(self.module)} (v\S+)", (HERE / self.name / "go.mod").read_text())
        if found is None:
            raise LookupError(f"tools/{self.name}/go.mod does not require {self.module}")
        return found[1]

    def fill(self, template: str, binary: str = "") -> str:
        """The template with this machine and version filled in."""
        minor = self.version.split(".")[1]
        arch = "x64" if self.name == "pulumi" and ARCH == "amd64" else ARCH
        return template.format(v=self.version, n=self.version[1:], minor=minor, os=OS, arch=arch, binary=binary)


_PULUMI = "https://github.com/pulumi/pulumi/releases/download/{v}"
_ACTIONLINT = "https://github.com/rhysd/actionlint/releases/download/{v}/actionlint_{n}_"
_K9S = "https://github.com/derailed/k9s/releases/download/{v}"
_ETCD = "https://github.com/etcd-io/etcd/releases/download/{v}"
_KUBERNETES_VERSION = "k8s.io/component-base/version"

TOOLS = (
    Tool(
        name="pulumi",
        why="the engine",
        module="github.com/pulumi/pulumi/pkg/v3",
        binaries={"pulumi": "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"},
        stamps=("github.com/pulumi/pulumi/sdk/v3/go/common/version.Version={v}",),
        archive=_PULUMI + "/pulumi-{v}-{os}-{arch}.tar.gz",
        checksums=_PULUMI + "/pulumi-{n}-checksums.txt",
    ),
    Tool(
        name="helm",
        why="installs the ingress controller's chart",
        module="helm.sh/helm/v3",
        binaries={"helm": "helm.sh/helm/v3/cmd/helm"},
        stamps=("helm.sh/helm/v3/internal/version.version={v}",),
        archive="https://get.helm.sh/helm-{v}-{os}-{arch}.tar.gz",
        checksums="https://get.helm.sh/helm-{v}-{os}-{arch}.tar.gz.sha256sum",
    ),
    Tool(
        name="etcd",
        why="storage of the control planes",
        module="go.etcd.io/etcd/server/v3",
        binaries={"etcd": "go.etcd.io/etcd/server/v3"},
        archive=_ETCD + "/etcd-{v}-{os}-{arch}.tar.gz" if OS == "linux" else "",
        checksums=_ETCD + "/SHA256SUMS",
        version_args=("--version",),
    ),
    Tool(
        name="kubernetes",
        why="the control planes, and kubectl to look at them",
        module="k8s.io/kubernetes",
        binaries={
            name: f"k8s.io/kubernetes/cmd/{name}"
            for name in ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl")
        },
        stamps=(
            _KUBERNETES_VERSION + ".gitVersion={v}",
            _KUBERNETES_VERSION + ".gitMajor=1",
            _KUBERNETES_VERSION + ".gitMinor={minor}",
        ),
        archive="https://dl.k8s.io/release/{v}/bin/{os}/{arch}/{binary}" if OS == "linux" else "",
        checksums="https://dl.k8s.io/release/{v}/bin/{os}/{arch}/{binary}.sha256",
        version_args=("--version",),
    ),
    Tool(
        name="kwok",
        why="runs the control planes and simulates nodes and pods",
        module="sigs.k8s.io/kwok",
        binaries={name: f"sigs.k8s.io/kwok/cmd/{name}" for name in ("kwok", "kwokctl")},
        version_args=("--version",),
    ),
    Tool(
        name="metrics-server",
        why="answers `kubectl top`",
        module="sigs.k8s.io/metrics-server",
        binaries={"metrics-server": "sigs.k8s.io/metrics-server/cmd/metrics-server"},
        version_args=("--version",),
    ),
    Tool(
        name="actionlint",
        why="checks the GitHub workflows",
        module="github.com/rhysd/actionlint",
        binaries={"actionlint": "github.com/rhysd/actionlint/cmd/actionlint"},
        archive=_ACTIONLINT + "{os}_{arch}.tar.gz",
        checksums=_ACTIONLINT + "checksums.txt",
        version_args=("--version",),
    ),
    Tool(
        name="k9s",
        why="looks into a cluster, in a test and for docs/k9s.svg",
        module="github.com/derailed/k9s",
        binaries={"k9s": "github.com/derailed/k9s"},
        stamps=("github.com/derailed/k9s/cmd.version={v}",),
        archive=_K9S + "/k9s_Linux_{arch}.tar.gz" if OS == "linux" else "",
        checksums=_K9S + "/checksums.sha256",
        version_args=("version", "--short"),
        target="k9s-tools",
    ),
)
