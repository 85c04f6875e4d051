"""The real clients that are compared, where they are found on PATH: what each is asked to do, step by step."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sandbox.environment import entered

ZONE = "ch-gva-2"
_SECONDS = 600  # of a step
_Z = ("--zone", ZONE)
_NOW = ("--force",)


@dataclass(frozen=True)
class Step:
    """One command of a client, and how it ended."""

    command: tuple[str, ...]
    passed: bool
    said: str = ""


@dataclass(frozen=True)
class Client:
    """A program that speaks to Exoscale.

    Args:
        name: of its binary.
        version: arguments that print its version.
        commands: what it does, in order; a later one may need what an earlier one made.
        files: that it wants where it works, by name.
    """

    name: str
    version: tuple[str, ...]
    commands: tuple[tuple[str, ...], ...]
    files: Mapping[str, str]

    @property
    def is_here(self) -> bool:
        """Whether PATH has it."""
        return shutil.which(self.name) is not None

    def told_version(self) -> str:
        """The first line of what it says of its version."""
        said = subprocess.run([self.name, *self.version], capture_output=True, text=True, timeout=60, check=False)
        return (said.stdout or said.stderr).strip().partition("\n")[0]

    def run(self, folder: Path, environment: Mapping[str, str]) -> Iterator[Step]:
        """Does it all, the commands after one that failed too."""
        for name, text in self.files.items():
            (folder / name).write_text(text)
        for command in self.commands:
            try:
                done = subprocess.run(
                    [self.name, *command],
                    cwd=folder,
                    env=entered(os.environ, environment),
                    capture_output=True,
                    text=True,
                    timeout=_SECONDS,
                    check=False,
                )
            except subprocess.TimeoutExpired:
                yield Step(command, False, f"no end after {_SECONDS} s")
                continue
            yield Step(command, done.returncode == 0, (done.stderr or done.stdout).strip()[-300:])


# What the tutorial's reader does: a cluster with a pool, its firewall and its group, a kubeconfig; and all of it gone.
_MAIN_TF = f"""
terraform {{
  required_providers {{
    exoscale = {{ source = "exoscale/exoscale" }}
  }}
}}

resource "exoscale_anti_affinity_group" "nodes" {{
  name = "compare"
}}

resource "exoscale_security_group" "nodes" {{
  name = "compare"
}}

resource "exoscale_security_group_rule" "kubelet" {{
  security_group_id      = exoscale_security_group.nodes.id
  user_security_group_id = exoscale_security_group.nodes.id
  type                   = "INGRESS"
  protocol               = "TCP"
  start_port             = 10250
  end_port               = 10250
}}

resource "exoscale_sks_cluster" "demo" {{
  zone          = "{ZONE}"
  name          = "compare"
  service_level = "starter"
}}

resource "exoscale_sks_nodepool" "workers" {{
  zone                    = "{ZONE}"
  cluster_id              = exoscale_sks_cluster.demo.id
  name                    = "workers"
  instance_type           = "standard.small"
  size                    = 2
  disk_size               = 20
  anti_affinity_group_ids = [exoscale_anti_affinity_group.nodes.id]
  security_group_ids      = [exoscale_security_group.nodes.id]
}}

resource "exoscale_sks_kubeconfig" "admin" {{
  zone       = "{ZONE}"
  cluster_id = exoscale_sks_cluster.demo.id
  user       = "kubernetes-admin"
  groups     = ["system:masters"]
}}

resource "exoscale_nlb" "front" {{
  zone = "{ZONE}"
  name = "compare"
}}
"""

TERRAFORM = Client(
    "terraform",
    ("version",),
    (
        ("init", "-input=false", "-no-color"),
        ("apply", "-auto-approve", "-input=false", "-no-color"),
        ("plan", "-detailed-exitcode", "-input=false", "-no-color"),  # ends with 2 where something would change
        ("destroy", "-auto-approve", "-input=false", "-no-color"),
    ),
    {"main.tf": _MAIN_TF},
)

_COMPUTE = ("compute",)
# One by itself, from its beginning to its end. Without an SSH key, `exo` would make one and keep it outside its folder.
_PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
_SHAPE = ("--template", "Linux Ubuntu 22.04 LTS 64-bit", "--instance-type", "standard.small", "--disk-size", "10")
_INSTANCE = (
    (*_COMPUTE, "ssh-key", "register", "compare", "key.pub"),
    (*_COMPUTE, "instance", "create", "compare", *_Z, *_SHAPE, "--ssh-key", "compare"),
    (*_COMPUTE, "instance", "list"),
    (*_COMPUTE, "instance", "show", "compare", *_Z),
    (*_COMPUTE, "instance", "update", "compare", *_Z, "--label", "a=b"),
    (*_COMPUTE, "instance", "reboot", "compare", *_Z, *_NOW),
    (*_COMPUTE, "instance", "reveal-password", "compare", *_Z),
    (*_COMPUTE, "instance", "stop", "compare", *_Z, *_NOW),
    (*_COMPUTE, "instance", "scale", "compare", "standard.medium", *_Z, *_NOW),
    (*_COMPUTE, "instance", "resize-disk", "compare", "20", *_Z, *_NOW),
    (*_COMPUTE, "instance", "start", "compare", *_Z, *_NOW),
    (*_COMPUTE, "instance", "delete", "compare", *_Z, *_NOW),
    (*_COMPUTE, "ssh-key", "delete", "compare", *_NOW),
)
EXO = Client(
    "exo",
    ("version",),
    (
        ("zone", "list"),
        ("limits",),
        (*_COMPUTE, "instance-type", "list"),
        (*_COMPUTE, "instance-template", "list", *_Z),
        (*_COMPUTE, "sks", "versions"),
        (*_COMPUTE, "security-group", "create", "compare"),
        (*_COMPUTE, "security-group", "rule", "add", "compare", "--protocol", "tcp", "--port", "10250"),
        (*_COMPUTE, "security-group", "show", "compare"),
        (*_COMPUTE, "anti-affinity-group", "create", "compare"),
        (*_COMPUTE, "anti-affinity-group", "list"),
        (*_COMPUTE, "sks", "create", "compare", *_Z, "--service-level", "starter", "--nodepool-size", "1"),
        (*_COMPUTE, "sks", "list"),
        (*_COMPUTE, "sks", "show", "compare", *_Z),
        (*_COMPUTE, "sks", "kubeconfig", "compare", "admin", *_Z),
        (*_COMPUTE, "sks", "nodepool", "add", "compare", "more", *_Z, "--size", "1"),
        (*_COMPUTE, "sks", "nodepool", "show", "compare", "more", *_Z),
        (*_COMPUTE, "sks", "nodepool", "scale", "compare", "more", "2", *_Z, *_NOW),
        *_INSTANCE,
        (*_COMPUTE, "instance-pool", "list"),
        (*_COMPUTE, "load-balancer", "create", "compare", *_Z),
        (*_COMPUTE, "load-balancer", "show", "compare", *_Z),
        (*_COMPUTE, "load-balancer", "update", "compare", *_Z, "--description", "changed"),
        (*_COMPUTE, "block-storage", "create", "compare", *_Z, "--size", "10"),
        (*_COMPUTE, "block-storage", "list"),
        (*_COMPUTE, "elastic-ip", "create", *_Z),
        (*_COMPUTE, "elastic-ip", "list"),
        (*_COMPUTE, "private-network", "create", "compare", *_Z),
        (*_COMPUTE, "private-network", "list"),
        (*_COMPUTE, "ssh-key", "list"),
        ("iam", "role", "list"),
        ("iam", "api-key", "list"),
        (*_COMPUTE, "load-balancer", "delete", "compare", *_Z, *_NOW),
        (*_COMPUTE, "block-storage", "delete", "compare", *_Z, *_NOW),
        (*_COMPUTE, "private-network", "delete", "compare", *_Z, *_NOW),
        (*_COMPUTE, "sks", "delete", "compare", *_Z, *_NOW, "--delete-nodepools"),
        (*_COMPUTE, "anti-affinity-group", "delete", "compare", *_NOW),
        (*_COMPUTE, "security-group", "delete", "compare", *_NOW),
    ),
    {"key.pub": _PUBLIC_KEY},
)

CLIENTS = (EXO, TERRAFORM)
