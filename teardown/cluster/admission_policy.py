"""What keeps a cluster that is being destroyed from making new things that cost money.

A GitOps controller puts a deleted Service back within seconds. An admission policy of Kubernetes' own refuses it, at
the API server, with no webhook that could be down.
"""

import time

import click

from teardown.account import Document, connect
from teardown.cluster import Cluster, Refused, Say, reach
from teardown.errors import TeardownError
from teardown.options import cluster_option, zone_option

NAMES = ("exoscale-sks-no-load-balancers", "exoscale-sks-no-volume-claims")
MESSAGE = "the stack is being destroyed; `python -m teardown admit` lifts this"

_POLICIES = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies"
_BINDINGS = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings"
_LOAD_BALANCER = "has(object.spec.type) && object.spec.type == 'LoadBalancer'"
_WAS_ONE = "oldObject != null && has(oldObject.spec.type) && oldObject.spec.type == 'LoadBalancer'"
_BIND_SECONDS = 30
_PROBES = 3  # refusals in a row: a pro control plane has several API servers
_PAUSE_SECONDS = 0.1


@click.command()
@zone_option
@cluster_option
@click.option("--stack", help="The Pulumi stack, whose configuration may hold the API key.")
@click.option("--wait-seconds", type=float, default=60, show_default=True, help="For the API server to answer.")
def admit(zone: str, cluster: str, stack: str | None, wait_seconds: float) -> None:
    """Let a cluster make load balancers and volumes again, after a destroy that was given up."""
    reached = reach(connect(zone, stack), cluster, wait_seconds, click.echo)
    if reached is None:
        raise TeardownError(f"there is no cluster {cluster} in {zone}")
    lift(reached)


def lift(cluster: Cluster) -> None:
    """Takes both refusals back."""
    for name in NAMES:
        cluster.delete(f"{_BINDINGS}/{name}")
        cluster.delete(f"{_POLICIES}/{name}")


def refuse_load_balancers(cluster: Cluster, say: Say) -> None:
    """Refuses new Services of type LoadBalancer, and returns when the API server does so.

    Those that exist can still be changed: the cloud controller manager has to write their status and finalizers.
    A Service that came in before the policy was in force is found by whoever lists them after this returns.
    """
    _refuse(cluster, NAMES[0], "services", ["CREATE", "UPDATE"], f"!({_LOAD_BALANCER}) || ({_WAS_ONE})")
    deadline, refusals = time.monotonic() + _BIND_SECONDS, 0
    while refusals < _PROBES:
        if time.monotonic() > deadline:
            say("the API server still admits new load balancers; those of a controller of yours may come back")
            return
        refusals = refusals + 1 if _probe_is_refused(cluster) else 0
        if not refusals:
            time.sleep(_PAUSE_SECONDS)


def refuse_volume_claims(cluster: Cluster) -> None:
    """Refuses new PersistentVolumeClaims."""
    _refuse(cluster, NAMES[1], "persistentvolumeclaims", ["CREATE"], "false")


def _refuse(cluster: Cluster, name: str, resource: str, operations: list[str], allowed: str) -> None:
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": operations, "resources": [resource]}
    policy: Document = {
        "metadata": {"name": name},
        "spec": {
            "failurePolicy": "Fail",
            "matchConstraints": {"resourceRules": [rule]},
            "validations": [{"expression": allowed, "message": MESSAGE, "reason": "Forbidden"}],
        },
    }
    binding = {"metadata": {"name": name}, "spec": {"policyName": name, "validationActions": ["Deny"]}}
    _create(cluster, _POLICIES, policy)
    _create(cluster, _BINDINGS, binding)


def _create(cluster: Cluster, path: str, document: Document) -> None:
    try:
        cluster.create(path, document)
    except Refused as refused:
        if refused.status != 409:  # left by a drain that was interrupted
            raise


def _probe_is_refused(cluster: Cluster) -> bool:
    probe = {"metadata": {"name": NAMES[0]}, "spec": {"type": "LoadBalancer", "ports": [{"port": 80}]}}
    try:
        cluster.create("/api/v1/namespaces/default/services", probe, dryRun="All")
    except Refused as refused:
        return MESSAGE in str(refused)
    return False
