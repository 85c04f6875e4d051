"""The stack's settings: read once, checked before the first resource, frozen. Nothing else reads configuration."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi
from pulumi.runtime import config as runtime_config

from components import catalogue
from components.identity import Identity
from components.ingress import CONTROLLERS, Chart
from reading import ANY, STACK, Form, Table

PLATFORMS = ("exoscale", "k3d")
LOAD_BALANCERS = ("managed", "ccm")
ON_DESTROY = ("refuse", "delete", "keep")
NO_CONTROLLER = "none"
LAST_PORT = 65535

# Stack, owner and a nodepool's labels become labels of Kubernetes nodes (docs/exoscale.md, Nodepools and instances).
LABEL = r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?"
LABEL_VALUE = Form(LABEL, "63 letters, digits or . _ - at most, a letter or digit at both ends")
LABEL_KEY = Form(rf"([a-z0-9]([a-z0-9.-]*[a-z0-9])?/)?{LABEL}", "a Kubernetes label key, such as team or a.io/team")
TAINT = Form(
    rf"{LABEL}:({'|'.join(catalogue.TAINT_EFFECTS)})",
    f"value:effect with effect {', '.join(catalogue.TAINT_EFFECTS)}, such as gpu:NoSchedule",
)
NAME = Form(
    rf"[a-z]([a-z0-9-]{{0,{catalogue.INSTANCE_PREFIX_LENGTH - 2}}}[a-z0-9])?",
    f"{catalogue.INSTANCE_PREFIX_LENGTH} lower-case letters, digits or hyphens at most, a letter first",
)
K3D_NAME = Form(r"[a-z0-9-]{1,32}", "32 lower-case letters, digits or hyphens at most; the stack's name is part of it")
NEWEST = "newest"
VERSION = Form(rf"{NEWEST}|\d+\.\d+\.\d+", f"{NEWEST}, or a version such as 1.34.3")

MONTH, WEEK = 30 * 24 * 3600, 7 * 24 * 3600  # seconds
OWN_LABELS = Identity("", "", "", "").labels.keys()

# Where key and secret may be: the stack's configuration, or two pairs of variables (docs/credentials.md).
CREDENTIALS = (
    ("exoscale:key", "exoscale:secret"),
    ("EXOSCALE_API_KEY", "EXOSCALE_API_SECRET"),
    ("EXOSCALE_KEY", "EXOSCALE_SECRET"),
)


@dataclass(frozen=True)
class NodepoolSettings:
    """See `nodepools` in Pulumi.yaml. `taints` is `{key: "value:effect"}`."""

    size: int
    instance_type: str
    disk_size_gb: int
    instance_prefix: str
    anti_affinity: bool
    labels: Mapping[str, str]
    taints: Mapping[str, str]


@dataclass(frozen=True)
class KubeconfigSettings:
    """See `kubeconfig` in Pulumi.yaml. `file` is absolute."""

    user: str
    groups: tuple[str, ...]
    ttl_seconds: int
    early_renewal_seconds: int
    file: Path


@dataclass(frozen=True)
class IngressSettings:
    """See `ingress` in Pulumi.yaml. `chart` is None for the controller's official one."""

    controller: str
    load_balancer: str
    nodepool: str
    ingress_class: str
    timeout_seconds: int
    chart: Chart | None


@dataclass(frozen=True)
class StorageSettings:
    """See `storage` in Pulumi.yaml."""

    csi: bool
    on_destroy: str


@dataclass(frozen=True)
class K3dSettings:
    """See `k3d` in Pulumi.yaml."""

    api_port: int
    http_port: int


@dataclass(frozen=True)
class Settings:
    """Everything that may differ from stack to stack. `ingress` is None when no controller is wanted."""

    identity: Identity
    platform: str
    organization: str
    zone: str
    level: str
    cni: str
    version: str | None
    nodepools: Mapping[str, NodepoolSettings]
    open_node_ports: bool
    kubeconfig: KubeconfigSettings
    ingress: IngressSettings | None
    storage: StorageSettings
    drain_wait_seconds: int
    protect: bool
    k3d: K3dSettings


def load() -> Settings:
    """Reads the stack's configuration and checks all of it.

    Raises:
        RunError: what is wrong, one line for each mistake.
    """
    problems: list[str] = []
    project, stack = pulumi.get_project(), pulumi.get_stack()
    top = Table(project, _configuration(project), problems, separator=":")
    platform = top.text("platform", allowed=PLATFORMS)
    nodepools = _nodepools(top.table("nodepools"))
    firewall, drain = top.table("firewall"), top.table("drain")
    settings = Settings(
        identity=Identity(project, stack, top.text("owner", form=LABEL_VALUE)),
        platform=platform,
        organization=top.text("organization", form=ANY),
        zone=top.text("zone", allowed=catalogue.ZONES),
        level=top.text("level", allowed=catalogue.LEVELS),
        cni=top.text("cni", allowed=catalogue.CNIS),
        version=_version(top),
        nodepools=nodepools,
        open_node_ports=firewall.switch("open-node-ports", True),
        kubeconfig=_kubeconfig(top.table("kubeconfig"), stack),
        ingress=_ingress(top.table("ingress"), nodepools),
        storage=_storage(top.table("storage")),
        drain_wait_seconds=drain.number("wait-seconds", 120, least=1),
        protect=top.switch("protect"),
        k3d=_k3d(top.table("k3d")),
    )
    firewall.finish()
    drain.finish()
    top.finish()
    problems += _stack_problems(settings.identity, platform)
    problems += _credential_problems() if platform == "exoscale" else []
    if problems:
        raise pulumi.RunError("\n".join(problems))
    return settings


def _configuration(project: str) -> dict[str, Any]:
    """The project's own keys. The engine hands objects over as JSON and has checked the types of the others."""
    everything = {**runtime_config.get_config_env(), **runtime_config.CONFIG.get()}
    keys = [key.removeprefix(f"{project}:") for key in everything if key.startswith(f"{project}:")]
    config = pulumi.Config()
    return {key: _object(config.require(key)) for key in keys}


def _object(value: str) -> Any:
    try:
        return json.loads(value) if value.startswith(("{", "[")) else value
    except json.JSONDecodeError:
        return value


def _version(top: Table) -> str | None:
    version = top.text("version", form=VERSION)
    return None if version == NEWEST else version


def _nodepools(table: Table) -> dict[str, NodepoolSettings]:
    names = table.names(NAME)
    if table.sound and not 1 <= len(names) <= catalogue.NODEPOOLS_PER_CLUSTER:
        table.refuse(table.path, f"{len(names)} nodepools", f"1 to {catalogue.NODEPOOLS_PER_CLUSTER} of them")
    return {name: _nodepool(table.table(name)) for name in names}


def _nodepool(table: Table) -> NodepoolSettings:
    disks = catalogue.DISK_SIZE_GB
    labels, taints = table.table("labels"), table.table("taints")
    pool = NodepoolSettings(
        size=table.number("size", 2, least=1),
        instance_type=_instance_type(table),
        disk_size_gb=table.number("disk-size-gb", 20, least=disks.start, most=disks.stop - 1),
        instance_prefix=table.text("instance-prefix", "pool", form=NAME),
        anti_affinity=table.switch("anti-affinity", True),
        labels={key: labels.text(key, form=LABEL_VALUE) for key in labels.names(LABEL_KEY)},
        taints={key: taints.text(key, form=TAINT) for key in taints.names(LABEL_KEY)},
    )
    for key in OWN_LABELS & pool.labels.keys():
        labels.refuse(labels.full(key), pool.labels[key], "any label but this: the stack sets it itself")
    most = catalogue.INSTANCES_PER_ANTI_AFFINITY_GROUP
    if pool.anti_affinity and pool.size > most:
        table.refuse(table.full("size"), pool.size, f"up to {most}, or more with {table.full('anti-affinity')} false")
    table.finish()
    return pool


def _instance_type(table: Table) -> str:
    value = table.text("instance-type", "standard.small")
    if value and value not in catalogue.NODE_TYPES:
        families, sizes = " ".join(catalogue.INSTANCE_FAMILIES), " ".join(catalogue.NODE_SIZES)
        table.refuse(table.full("instance-type"), value, f"family.size with a family of {families}; a size of {sizes}")
    return value


def _kubeconfig(table: Table, stack: str) -> KubeconfigSettings:
    ttl = table.number("ttl-seconds", MONTH, least=1)
    settings = KubeconfigSettings(
        user=table.text("user", "kubernetes-admin"),
        groups=table.texts("groups", ("system:masters",)),
        ttl_seconds=ttl,
        # A certificate that is always up for renewal would be another one after every up.
        early_renewal_seconds=table.number(
            "early-renewal-seconds", min(7 * 24 * 3600, ttl // 4), least=0, most=ttl - 1
        ),
        file=Path(__file__).parent.resolve() / table.text("file", f".kube/{stack}.yaml"),
    )
    table.finish()
    return settings


def _ingress(table: Table, nodepools: Mapping[str, NodepoolSettings]) -> IngressSettings | None:
    controller = table.text("controller", "nginx", allowed=(*CONTROLLERS, NO_CONTROLLER))
    untainted = [name for name, pool in nodepools.items() if not pool.taints]
    settings = IngressSettings(
        controller=controller,
        load_balancer=table.text("load-balancer", "managed", allowed=LOAD_BALANCERS),
        nodepool=table.text("nodepool", next(iter(untainted or nodepools), "default"), allowed=tuple(nodepools)),
        ingress_class=table.text("class", "nginx", form=NAME),
        timeout_seconds=table.number("timeout-seconds", 180, least=1),
        chart=_chart(table, controller),
    )
    table.finish()
    return None if controller == NO_CONTROLLER else settings


def _storage(table: Table) -> StorageSettings:
    settings = StorageSettings(
        csi=table.switch("csi", False), on_destroy=table.text("on-destroy", "refuse", allowed=ON_DESTROY)
    )
    table.finish()
    return settings


def _chart(table: Table, controller: str) -> Chart | None:
    """The official chart with what is overridden. Another chart does not come from the official repository."""
    official = CONTROLLERS[controller].chart if controller in CONTROLLERS else Chart("")
    name = table.text("chart", official.name, form=ANY)
    same = name == official.name
    repository = table.text("repository", (official.repository if same else None) or "", form=ANY)
    version = table.text("version", (official.version if same else None) or "", form=ANY)
    chart = Chart(name, repository or None, version or None)
    return None if chart == official else chart


def _k3d(table: Table) -> K3dSettings:
    settings = K3dSettings(
        api_port=table.number("api-port", 6550, least=1, most=LAST_PORT),
        http_port=table.number("http-port", 8081, least=1, most=LAST_PORT),
    )
    table.finish()
    return settings


def _stack_problems(identity: Identity, platform: str) -> list[str]:
    cluster = identity.name("k3d")
    checks = [("the stack's name", identity.stack, STACK)]
    checks += [("the k3d cluster's name", cluster, K3D_NAME)] if platform == "k3d" else []
    return [f'{what} is "{name}"; allowed: {form.words}' for what, name, form in checks if not form.fits(name)]


def _credential_problems() -> list[str]:
    """A key without its secret is refused too: the plugin would print it (docs/plugins.md, Exoscale settings)."""
    config = pulumi.Config("exoscale")
    there = {f"exoscale:{name}": bool(config.get(name)) for name in ("key", "secret")}
    there |= {name: bool(os.environ.get(name)) for pair in CREDENTIALS[1:] for name in pair}
    halves = [
        f"{missing} is not set; allowed: a key and its secret, and {given} is set"
        for pair in CREDENTIALS
        for given, missing in (pair, pair[::-1])
        if there[given] and not there[missing]
    ]
    if not any(there.values()):
        names = " or ".join(f"{key} and {secret}" for key, secret in CREDENTIALS[1:])
        return [f"the Exoscale API key is not set; allowed: {names} in the environment"]
    return halves
