"""Keeps a cluster that is being destroyed from creating new things that cost money.

A GitOps controller recreates a deleted Service within seconds. Kubernetes' own admission policies refuse it in the API
server, without a webhook that could be down.
"""

import time
from collections.abc import Sequence

from ..cloud.account import Document
from ..wait import wait_until
from .api_server import ApiServer, Refused, Say

NAMES = ("exoscale-sks-no-load-balancers", "exoscale-sks-no-volume-claims")
REASON = "the stack is being destroyed"
MESSAGE = f"{REASON}; the next `pulumi up` (`make up` on the sandbox) lifts this"

_POLICIES = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies"
_BINDINGS = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings"
_LOAD_BALANCER = "has(object.spec.type) && object.spec.type == 'LoadBalancer'"
_WAS_ONE = "oldObject != null && has(oldObject.spec.type) && oldObject.spec.type == 'LoadBalancer'"
_BIND_SECONDS = 30
_PROBES: tuple[tuple[str, Document], ...] = (
    ("services", {"type": "LoadBalancer", "ports": [{"port": 80}]}),
    ("persistentvolumeclaims", {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}),
)
_IN_A_ROW = 3  # the same answer: a pro control plane has several API servers
_PAUSE_SECONDS = 0.1


def lift(server: ApiServer, say: Say) -> None:
    """Lifts both refusals, that of load balancers last, since it was made first; returns when the API server admits
    load balancers again."""
    for name in reversed(NAMES):
        server.delete(f"{_POLICIES}/{name}")
        server.delete(f"{_BINDINGS}/{name}")
    if _in_vain(server, refused=False):
        say("the API server still refuses new load balancers, although nothing tells it to any more")


def refuses_load_balancers(server: ApiServer) -> bool:
    """Whether new load balancers are refused; one short request."""
    return bool(server.get(f"{_BINDINGS}/{NAMES[0]}"))


def refuse_load_balancers(server: ApiServer) -> None:
    """Refuses new Services of type LoadBalancer, as soon as the API server applies it: see `await_refusal`.

    Existing ones can still be changed: the cloud controller manager has to write their status and finalizers.
    """
    _refuse(server, NAMES[0], "services", ["CREATE", "UPDATE"], f"!({_LOAD_BALANCER}) || ({_WAS_ONE})")


def refuse_volume_claims(server: ApiServer) -> None:
    """Refuses new PersistentVolumeClaims, as soon as the API server applies it: see `await_refusal`."""
    _refuse(server, NAMES[1], "persistentvolumeclaims", ["CREATE"], "false")


def await_refusal(server: ApiServer, claims: bool, say: Say) -> None:
    """Waits until the API server refuses new load balancers.

    A list made after this returns includes everything that was admitted before.

    Args:
        claims: whether to wait until new volume claims are refused, too.
    """
    if _in_vain(server, refused=True, probes=_PROBES if claims else _PROBES[:1]):
        what = "load balancers and volume claims" if claims else "load balancers"
        say(f"the API server still admits new {what}; those of a controller of yours may come back")


def _refuse(server: ApiServer, name: str, resource: str, operations: list[str], allowed: str) -> None:
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
    _create(server, _POLICIES, policy)
    _create(server, _BINDINGS, binding)


def _create(server: ApiServer, path: str, document: Document) -> None:
    try:
        server.create(path, document)
    except Refused as refused:
        if refused.status != 409:  # left by a drain that was interrupted
            raise


def _in_vain(server: ApiServer, refused: bool, probes: Sequence[tuple[str, Document]] = _PROBES) -> bool:
    """Waits until new objects are refused, or admitted: an API server applies a policy some time after the call.

    Args:
        probes: objects to create as a dry run.

    Returns:
        True if it timed out.
    """
    right = 0

    def missing() -> range:
        nonlocal right
        right = right + 1 if all(_is_refused(server, *probe) is refused for probe in probes) else 0
        return range(_IN_A_ROW - right)

    return bool(wait_until(missing, _BIND_SECONDS, lambda _: time.sleep(0 if right else _PAUSE_SECONDS)))


def _is_refused(server: ApiServer, plural: str, spec: Document) -> bool:
    try:
        probe = {"metadata": {"name": NAMES[0]}, "spec": spec}
        server.create(f"/api/v1/namespaces/default/{plural}", probe, dryRun="All")
    except Refused as refused:
        return REASON in str(refused)  # also matches the policy of an earlier release, with other advice
    return False
