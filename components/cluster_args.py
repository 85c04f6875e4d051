"""Arguments of a Cluster, checked when they are made."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import pulumi

from . import catalogue
from .budget import check_budget
from .checks import ANY, DAY, DOMAIN, HOST, Checks, Form
from .identity import Identity
from .node_labels import LABEL_VALUE, STACK
from .pool_args import PoolArgs, check_pools
from .teardown.changes import CCM, MANAGED, NEWEST, NO_BALANCER, Chosen, Placement
from .teardown.cloud.stack_ref import STACK_ID_LENGTH
from .teardown.storage_policy import POLICIES
from .teardown.ttl import NO_TTL, PATTERN

LABEL_LENGTH = 63  # of one part of a DNS name
MONTH, WEEK = 30 * DAY, 7 * DAY
CENTURY = 100 * 365 * DAY  # a certificate cannot hold a year of five digits
SUBJECT = Form(r"[ -~]{1,64}", "1 to 64 letters, digits or signs of ASCII, which every certificate's subject takes")
LIFETIME = Form(rf"{NO_TTL}|{PATTERN}", f"{NO_TTL}, or hours or days such as 12h or 7d")
VERSION = Form(rf"{NEWEST}|[0-9]+\.[0-9]+\.[0-9]+", f"{NEWEST}, or a version such as 1.34.3")


@dataclass(frozen=True)
class AccessArgs:
    """The kubeconfig for people.

    Args:
        user: user name in the certificate.
        groups: the user's groups; `system:masters` may do everything.
        ttl_seconds: how long the certificate is valid.
        early_renewal_seconds: how long before the certificate expires an `up` renews it. Default: 7 days, or a quarter
            of `ttl_seconds` if that is shorter.
        file: file to write; entries of others in it stay. Default: `.kube/<stack>.yaml` in the project's folder.

    Raises:
        Invalid: lists every argument that cannot work, one per line.
    """

    user: str = "kubernetes-admin"
    groups: tuple[str, ...] = ("system:masters",)
    ttl_seconds: int = MONTH
    early_renewal_seconds: int | None = None
    file: Path | None = None

    def __post_init__(self) -> None:
        checks = Checks()
        checks.form("user", self.user, SUBJECT)
        checks.texts("groups", self.groups, SUBJECT)
        if checks.number("ttl_seconds", self.ttl_seconds, 1, CENTURY) and self.early_renewal_seconds is not None:
            checks.number("early_renewal_seconds", self.early_renewal_seconds, 0, self.ttl_seconds - 1)
        checks.finish()

    @property
    def renewal_seconds(self) -> int:
        """How long before expiry a certificate is renewed. Less than its whole life, or every `up` would renew it."""
        early = self.early_renewal_seconds
        return min(WEEK, self.ttl_seconds // 4) if early is None else early


@dataclass(frozen=True)
class ClusterArgs:
    """Arguments of a Cluster.

    Args:
        zone: Exoscale zone; a change replaces the cluster.
        level: service level of the control plane: `starter` (free) or `pro`; a change replaces the cluster.
        cni: network plugin: `calico` or `cilium`; a change replaces the cluster.
        version: Kubernetes version, such as `1.34.3`; `newest` is looked up once, when the cluster is created.
        nodepools: nodepools by name. Default: one, `default`, of two nodes.
        owner: contact to ask before removing the stack; a label on everything that takes labels.
        organization: id or name of the Exoscale organisation that the API key has to belong to. Empty: the first `up`
            takes any and records it, and later runs accept only that one.
        open_node_ports: whether NodePorts are open to the whole internet, which the load balancer needs.
        access: the kubeconfig for people.
        load_balancer: who makes the ingress controller's NLB (about 25 CHF a month): this component (`managed`), the
            cluster's cloud controller manager (`ccm`), or nobody, because there is no ingress controller (`none`).
        ingress_nodepool: nodepool that runs the ingress controller and gets the NLB's traffic. Empty: the first one
            without taints.
        ingress_chart: name of the ingress controller's chart. With `ccm`, changing it changes the address, and a
            preview says so.
        domain: DNS domain of the organisation's for a DnsName. The first step of an `up` refuses one that it does not
            hold, or in which somebody else has the stack's name.
        csi: whether to install Exoscale's block storage driver; it cannot be removed from a cluster that has it.
        on_destroy: what a destroy does with volumes and snapshots: `refuse`, `delete` or `keep`.
        drain_wait_seconds: how long a destroy waits for a controller in the cluster that makes no progress; then it
            deletes that controller's load balancers itself.
        longhorn: whether the program installs a Longhorn into it. Without it an `up` that removes one is not refused
            while its volumes hold data.
        budget: whole CHF a month that control plane, nodes and load balancer may cost at most, with every autoscaled
            nodepool at its `max`; 0 sets no limit. What has no known price, such as level `pro`, has no place in it.
        ttl: how long the stack lives after an `up`, such as `12h` or `7d`; then `exoscale-sks reap` destroys it. `none`
            for ever. A label of the cluster.
        protect: whether to refuse an `up` that would replace the cluster. (`protect_everything` makes Pulumi refuse
            to delete anything of the stack.)
        project: the Pulumi project's name. Default: the running program's.
        stack: the Pulumi stack's name. Default: the running program's.

    Raises:
        Invalid: lists every argument that cannot work, one per line.
    """

    zone: str = "ch-gva-2"
    level: Literal["starter", "pro"] = "starter"
    cni: Literal["calico", "cilium"] = "calico"
    version: str = NEWEST
    nodepools: Mapping[str, PoolArgs] = field(default_factory=lambda: {"default": PoolArgs()})
    owner: str = "nobody"
    organization: str = ""
    open_node_ports: bool = True
    access: AccessArgs = field(default_factory=AccessArgs)
    load_balancer: Literal["managed", "ccm", "none"] = "managed"
    ingress_nodepool: str = ""
    ingress_chart: str = ""
    domain: str = ""
    csi: bool = False
    on_destroy: Literal["refuse", "delete", "keep"] = "refuse"
    drain_wait_seconds: int = 120
    longhorn: bool = False
    budget: int = 0
    ttl: str = NO_TTL
    protect: bool = False
    project: str = field(default_factory=pulumi.get_project)
    stack: str = field(default_factory=pulumi.get_stack)

    def __post_init__(self) -> None:
        checks = Checks()
        checks.one_of("zone", self.zone, catalogue.ZONES)
        checks.one_of("level", self.level, catalogue.LEVELS)
        checks.one_of("cni", self.cni, catalogue.CNIS)
        checks.form("version", self.version, VERSION)
        checks.form("owner", self.owner, LABEL_VALUE)
        checks.form("organization", self.organization, ANY)
        check_pools(checks, self.nodepools)
        checks.switch("open_node_ports", self.open_node_ports)
        checks.one_of("load_balancer", self.load_balancer, (MANAGED, CCM, NO_BALANCER))
        if self.ingress_nodepool:
            checks.one_of("ingress_nodepool", self.ingress_nodepool, tuple(self.nodepools))
        if self.domain:
            checks.form("domain", self.domain, DOMAIN)
        checks.switch("csi", self.csi)
        checks.one_of("on_destroy", self.on_destroy, POLICIES)
        checks.number("drain_wait_seconds", self.drain_wait_seconds, 1, DAY)
        checks.switch("longhorn", self.longhorn)
        checks.switch("protect", self.protect)
        checks.form("ttl", self.ttl, LIFETIME)
        self._check_names(checks)
        if checks.number("budget", self.budget, 0) and not checks.problems:
            check_budget(checks, self.budget, self.level, self.nodepools, self.load_balancer)
        checks.finish()

    @property
    def identity(self) -> Identity:
        """The stack that owns the cluster."""
        return Identity(self.project, self.stack, self.owner)

    @property
    def kubernetes(self) -> str | None:
        """The Kubernetes version to request; None leaves the choice to Exoscale."""
        return None if self.version == NEWEST else self.version

    @property
    def traffic_pool(self) -> str:
        """The nodepool that gets the ingress controller's traffic."""
        untainted = [name for name, pool in self.nodepools.items() if not pool.taints]
        return self.ingress_nodepool or next(iter(untainted or self.nodepools))

    @property
    def kubeconfig_file(self) -> Path:
        """Absolute path of the kubeconfig for people."""
        return (self.access.file or Path(".kube") / f"{self.stack}.yaml").absolute()

    @property
    def chosen(self) -> Chosen:
        """The settings whose change can take something away from a living stack."""
        is_reached = self.load_balancer != NO_BALANCER
        return Chosen(
            zone=self.zone,
            level=self.level,
            cni=self.cni,
            protect=self.protect,
            nodepools={name: None if pool.bounds else pool.initial_size for name, pool in self.nodepools.items()},
            load_balancer=self.load_balancer,
            ingress_nodepool=self.traffic_pool if is_reached else "",
            chart=self.ingress_chart if is_reached else "",
            on_destroy=self.on_destroy,
            placements={
                name: Placement(bool(pool.taints), pool.anti_affinity, pool.initial_size)
                for name, pool in self.nodepools.items()
            },
            version=self.kubernetes or "",
            longhorn=self.longhorn,
            domain=self.domain,
        )

    def _check_names(self, checks: Checks) -> None:
        """Checks that the stack's name fits into every description, which Exoscale limits in length."""
        known = len(checks.problems)
        for what in ("project", "stack"):
            checks.form(what, getattr(self, what), STACK)
        if len(checks.problems) > known:
            return
        if self.domain:
            host = self.identity.ref.host_names[0]
            if not HOST.fits(host) or "." in host:
                checks.note("stack", f'makes the DNS name "{host}"; allowed: {LABEL_LENGTH} letters, digits or hyphens')
        stack = replace(self.identity.ref, id="0" * STACK_ID_LENGTH)
        things = ["Load balancer", *(f"Nodepool {pool}" for pool in self.nodepools)]
        said = max((stack.describe(thing, self.owner) for thing in things), key=len)
        if (excess := len(said) - catalogue.DESCRIPTION_LENGTH) > 0:
            checks.note(
                "stack",
                f'makes the description "{said}"; allowed: {catalogue.DESCRIPTION_LENGTH} characters, so shorten '
                f"project, stack, owner or nodepool by {excess} together",
            )
