"""What keeps a cluster that is being destroyed from making new things that cost money.

A GitOps controller puts a deleted Service back within seconds. An admission policy of Kubernetes' own refuses it, at
the API server, with no webhook that could be down.
"""

import time

from teardown.cloud.account import Document
from teardown.cluster.api_server import ApiServer, Refused, Say
from teardown.wait import wait_until

NAMES = ("exoscale-sks-no-load-balancers", "exoscale-sks-no-volume-claims")
REASON = "the stack is being destroyed"
MESSAGE = f"{REASON}; the next `pulumi up` (`make up` on the sandbox) lifts this"

_POLICIES = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies"
_BINDINGS = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings"
_LOAD_BALANCER = "has(object.spec.type) && object.spec.type == 'LoadBalancer'"
_WAS_ONE = "oldObject != null && has(oldObject.spec.type) && oldObject.spec.type == 'LoadBalancer'"
_BIND_SECONDS = 30
_PROBES = 3  # refusals in a row: a pro control plane has several API servers
_PAUSE_SECONDS = 0.1


def lift(server: ApiServer) -> None:
    """Takes both refusals back; that of load balancers last, as it was made first."""
    for name in reversed(NAMES):
        server.delete(f"{_POLICIES}/{name}")
        server.delete(f"{_BINDINGS}/{name}")


def refuses_load_balancers(server: ApiServer) -> bool:
    """Whether new load balancers are refused; one short request."""
    return bool(server.get(f"{_BINDINGS}/{NAMES[0]}"))


def refuse_load_balancers(server: ApiServer) -> None:
    """Refuses new Services of type LoadBalancer, once the API server has heard of it: see `await_refusal`.

    Those that exist can still be changed: the cloud controller manager has to write their status and finalizers.
    """
    _refuse(server, NAMES[0], "services", ["CREATE", "UPDATE"], f"!({_LOAD_BALANCER}) || ({_WAS_ONE})")


def await_refusal(server: ApiServer, say: Say) -> None:
    """Returns when the API server refuses new load balancers.

    A Service that came in before is found by whoever lists them after this returns.
    """
    refusals = 0

    def missing() -> range:
        nonlocal refusals
        refusals = refusals + 1 if _probe_is_refused(server) else 0
        return range(_PROBES - refusals)

    if wait_until(missing, _BIND_SECONDS, lambda _: time.sleep(0 if refusals else _PAUSE_SECONDS)):
        say("the API server still admits new load balancers; those of a controller of yours may come back")


def refuse_volume_claims(server: ApiServer) -> None:
    """Refuses new PersistentVolumeClaims."""
    _refuse(server, NAMES[1], "persistentvolumeclaims", ["CREATE"], "false")


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


def _probe_is_refused(server: ApiServer) -> bool:
    probe = {"metadata": {"name": NAMES[0]}, "spec": {"type": "LoadBalancer", "ports": [{"port": 80}]}}
    try:
        server.create("/api/v1/namespaces/default/services", probe, dryRun="All")
    except Refused as refused:
        return REASON in str(refused)  # also by a policy that an earlier release left, with other advice
    return False
