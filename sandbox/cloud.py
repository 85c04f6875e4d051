"""The simulated cloud as one object: its content, clock and refusals. No module-level state."""

import copy
import logging
import threading
from dataclasses import dataclass, field
from typing import Protocol

from sandbox.clock import Clock, Ids
from sandbox.faults import Faults
from sandbox.operations import Operations
from sandbox.store import Document, Store


@dataclass
class Rules:
    """Refusals that no recording of the real API proves (docs/exoscale.md, Refusals); each can be switched off."""

    nodepool_locked_by_load_balancer: bool = True
    cluster_with_nodepools_refused: bool = True
    anti_affinity_group_in_use_refused: bool = True
    anti_affinity_group_names_unique: bool = True
    security_group_named_by_rule_refused: bool = True
    default_security_group_kept: bool = True
    security_group_of_cluster_kept: bool = True
    karpenter_needs_pro_and_ccm: bool = True
    load_balancer_names_unique: bool = True
    attached_volume_refused: bool = True
    volume_with_snapshots_refused: bool = True
    iam_role_with_keys_refused: bool = True
    quotas_enforced: bool = True


class ControlPlanes(Protocol):
    """The Kubernetes side of the SKS clusters, by cluster id. Calls are idempotent and thread-safe."""

    def create(self, cluster: Document) -> None:
        """Starts a control plane and returns when its API server answers."""

    def delete(self, cluster_id: str) -> None:
        """Stops the control plane and deletes its data; does nothing if there is none."""

    def authority(self, cluster_id: str, name: str) -> str:
        """Returns the `control-plane`, `aggregation` or `kubelet` CA certificate as PEM."""

    def kubeconfig(self, cluster_id: str, user: str, groups: list[str], ttl_seconds: int) -> str:
        """Returns a kubeconfig, as YAML, with a client certificate for this user, signed by the cluster's CA."""

    def sync(self, cluster_id: str) -> None:
        """Tells the cluster that its nodepools, instances or addons changed; returns at once."""

    def kill(self, cluster_id: str, part: str) -> None:
        """Kills `ccm`, `csi` or `api-server` at once; it stays dead until revived."""

    def revive(self, cluster_id: str, part: str) -> None:
        """Restarts a killed part."""


class NoControlPlanes:
    """For tests of the API alone: clusters without an API server; using one raises an error."""

    def create(self, cluster: Document) -> None: ...
    def delete(self, cluster_id: str) -> None: ...
    def sync(self, cluster_id: str) -> None: ...
    def kill(self, cluster_id: str, part: str) -> None: ...
    def revive(self, cluster_id: str, part: str) -> None: ...

    def authority(self, cluster_id: str, name: str) -> str:
        raise NotImplementedError("this cloud runs no control planes")

    def kubeconfig(self, cluster_id: str, user: str, groups: list[str], ttl_seconds: int) -> str:
        raise NotImplementedError("this cloud runs no control planes")


class Traffic(Protocol):
    """What answers behind the load balancers' addresses. Calls are thread-safe; `probe` returns at once."""

    def probe(self, member: Document, check: Document) -> bool | None:
        """Whether a pool's member answers a health check; None if that is not known."""

    def addresses(self) -> list[Document]:
        """Returns `address`, `port` and `load-balancer` of each TCP service, and the `local-port` on 127.0.0.1 that
        stands for it."""


class NoTraffic:
    """For tests of the API alone: nothing is known, and nothing listens."""

    def probe(self, member: Document, check: Document) -> bool | None:
        return None

    def addresses(self) -> list[Document]:
        return []


@dataclass
class Cloud:
    """Hold `lock` while reading and changing; handlers and effects are called with it held.

    They get the cloud of one organisation (see `of`), and need not know about others.
    """

    store: Store = field(default_factory=Store)
    clock: Clock = field(default_factory=Clock)
    ids: Ids = field(default_factory=Ids)
    rules: Rules = field(default_factory=Rules)
    limits: dict[str, int] = field(default_factory=dict)
    """Quotas that differ from `api/catalogue.toml`, by their names there."""
    faults: Faults = field(default_factory=Faults)
    control_planes: ControlPlanes = field(default_factory=NoControlPlanes)
    traffic: Traffic = field(default_factory=NoTraffic)
    log: logging.Logger = field(default_factory=lambda: logging.getLogger("sandbox"))
    lock: threading.RLock = field(default_factory=threading.RLock)
    operations: Operations = field(init=False)

    def __post_init__(self) -> None:
        self.operations = Operations(self)

    def of(self, organization: str) -> "Cloud":
        """Returns the same cloud with only the part of its store that belongs to this organisation, given by id."""
        view = copy.copy(self)
        view.store = self.store.of(organization)
        return view
