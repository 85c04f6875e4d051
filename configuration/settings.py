"""The stack's settings: read once, checked before the first resource, frozen. Nothing else reads configuration."""

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pulumi

from components import catalogue
from components.identity import Identity
from components.ingress import CONTROLLERS, Chart
from components.teardown.cloud.stack_ref import STACK_ID_LENGTH, StackRef
from configuration.kubeconfig import KubeconfigSettings, kubeconfig
from configuration.namespaces import configuration, unread
from configuration.node_labels import LABEL_VALUE
from configuration.nodepools import NAME, NodepoolSettings, nodepools
from configuration.reading import ANY, STACK, Form, Table

PLATFORMS = ("exoscale", "k3d")
LOAD_BALANCERS = ("managed", "ccm")
ON_DESTROY = ("refuse", "delete", "keep")
NO_CONTROLLER = "none"
LAST_PORT = 65535

K3D_NAME = Form(r"[a-z0-9-]{1,32}", "32 lower-case letters, digits or hyphens at most; the stack's name is part of it")
NEWEST = "newest"
VERSION = Form(rf"{NEWEST}|[0-9]+\.[0-9]+\.[0-9]+", f"{NEWEST}, or a version such as 1.34.3")

CHART = Form(r"\S(.*\S)?", "a chart's name, folder or oci:// address")
DAY = 24 * 3600  # seconds; longer waits are taken for mistakes, and Helm's own limit overflows far above

# Where key and secret may be: the stack's configuration, or two pairs of variables (docs/credentials.md).
CREDENTIALS = (
    ("exoscale:key", "exoscale:secret"),
    ("EXOSCALE_API_KEY", "EXOSCALE_API_SECRET"),
    ("EXOSCALE_KEY", "EXOSCALE_SECRET"),
)


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
    everything = configuration()
    top = Table(project, _own(everything, project), problems, separator=":")
    platform = top.text("platform", allowed=PLATFORMS)
    pools = nodepools(top.table("nodepools"))
    firewall, drain = top.table("firewall"), top.table("drain")
    settings = Settings(
        identity=Identity(project, stack, top.text("owner", form=LABEL_VALUE)),
        platform=platform,
        organization=top.text("organization", form=ANY),
        zone=top.text("zone", allowed=catalogue.ZONES),
        level=top.text("level", allowed=catalogue.LEVELS),
        cni=top.text("cni", allowed=catalogue.CNIS),
        version=_version(top),
        nodepools=pools,
        open_node_ports=firewall.switch("open-node-ports", True),
        kubeconfig=kubeconfig(top.table("kubeconfig"), StackRef(project, stack)),
        ingress=_ingress(top.table("ingress"), pools),
        storage=_storage(top.table("storage")),
        drain_wait_seconds=drain.number("wait-seconds", 120, least=1, most=DAY),
        protect=top.switch("protect"),
        k3d=_k3d(top.table("k3d")),
    )
    firewall.finish()
    drain.finish()
    top.finish()
    problems += unread(everything, project)
    problems += _stack_problems(settings.identity, pools, platform)
    problems += _credential_problems() if platform == "exoscale" else []
    if problems:
        raise pulumi.RunError("\n".join(problems))
    return settings


def _own(everything: Mapping[str, str], project: str) -> dict[str, Any]:
    """The project's own keys. The engine hands objects over as JSON and has checked the types of the others."""
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


def _ingress(table: Table, pools: Mapping[str, NodepoolSettings]) -> IngressSettings | None:
    controller = table.text("controller", "nginx", allowed=(*CONTROLLERS, NO_CONTROLLER))
    untainted = [name for name, pool in pools.items() if not pool.taints]
    settings = IngressSettings(
        controller=controller,
        load_balancer=table.text("load-balancer", "managed", allowed=LOAD_BALANCERS),
        nodepool=table.text("nodepool", next(iter(untainted or pools), "default"), allowed=tuple(pools)),
        ingress_class=table.text("class", "nginx", form=NAME),
        timeout_seconds=table.number("timeout-seconds", 180, least=1, most=DAY),
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
    name = table.text("chart", official.name, form=CHART if official.name else ANY)
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
    if settings.api_port == settings.http_port:
        table.refuse(table.full("http-port"), settings.http_port, f"any port but that of {table.full('api-port')}")
    table.finish()
    return settings


def _stack_problems(identity: Identity, pools: Iterable[str], platform: str) -> list[str]:
    cluster = identity.name("k3d")
    checks = [("the project's name", identity.project, STACK), ("the stack's name", identity.stack, STACK)]
    checks += [("the k3d cluster's name", cluster, K3D_NAME)] if platform == "k3d" else []
    problems = [f'{what} is "{name}"; allowed: {form.words}' for what, name, form in checks if not form.fits(name)]
    stack = replace(identity.ref, id="0" * STACK_ID_LENGTH)
    things = ["Load balancer", *(f"Nodepool {pool}" for pool in pools)]
    said = max((stack.describe(thing, identity.owner) for thing in things), key=len)
    if (excess := len(said) - catalogue.DESCRIPTION_LENGTH) > 0 and not problems:
        problems.append(
            f'the longest description would be "{said}"; allowed: {catalogue.DESCRIPTION_LENGTH} characters, '
            f"so shorten project, stack, owner or nodepool by {excess} together"
        )
    return problems


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
