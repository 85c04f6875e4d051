"""Runs the steps of the provider's resources, when they are created and deleted. The command line shares them."""

import secrets
from dataclasses import dataclass, replace

from . import ingress_pods, machines, sweep, versions
from .cloud import removal
from .cloud.account import GLOBAL_ZONE, Account, AnotherOrganization, accounts, connect, refuse_another
from .cloud.ownership import Evidence, resources, worn_by
from .cloud.report import costing
from .cloud.resource import Verdict
from .cloud.stack_ref import STACK_ID_LENGTH
from .cloud.survey import Accounts, survey
from .cloud_drain import CloudDrain, DrainTarget
from .cluster import armed, closing, helm_records, ingresses, services, webhooks
from .cluster.api_server import ApiServer, Unreachable, reach
from .cluster.kubeconfig import kubeconfig
from .dns_names import Wanted, changed_records, left_records, make_records, refused_records, remove_records
from .drain import run as run_drain
from .drain import run_unfinished
from .errors import TeardownError
from .foresight import foresee
from .leftover import remove_leftover
from .machine_counts import Pools, Running
from .storage_policy import override
from .subject import Say, Subject

__all__ = [
    "DRAIN",
    "NODEPOOL_SWEEP",
    "SECOND_DRAIN",
    "DrainTarget",
    "Say",
    "StackIdentity",
    "Subject",
    "Wanted",
    "changed_records",
    "foresee",
    "left_records",
    "make_records",
    "refused_records",
    "remove_records",
]

DRAIN, SECOND_DRAIN, NODEPOOL_SWEEP = "drain", "second-drain", "nodepool-sweep"
_SWEEP_SECONDS = 300
_REACH_SECONDS = 120


@dataclass(frozen=True)
class StackIdentity:
    """Identifies a stack from its first resource to its last."""

    stack_id: str
    organization_id: str
    organization_name: str


def create_stack_id(subject: Subject, pinned: str, say: Say) -> StackIdentity:
    """Generates a stack's own id, and finds out which organisation the key belongs to. This is the first step of an
    `up`, so a wrong API key or zone makes it fail before anything is created.

    Args:
        pinned: id or name of the organisation in the settings; empty takes the key's.

    Raises:
        TeardownError: the key is refused or belongs to another organisation, or there is no such zone.
    """
    account = subject.accounts()[subject.zone]
    found = account.organization()
    if pinned and pinned not in (found.id, found.name):
        raise AnotherOrganization(
            f'organization is "{pinned}", and the API key {account.api_key.key} is of {found}. '
            f"Next: set a key of {pinned}"
        )
    return StackIdentity(secrets.token_hex(STACK_ID_LENGTH // 2), found.id, found.name)


def unknown_version(subject: Subject, version: str) -> str:
    """Says why a new cluster cannot get a Kubernetes version; empty if it can, or if that cannot be found out: a
    preview needs no valid key."""
    try:
        account = connect(subject.zone, subject.stack)
    except TeardownError:
        return ""
    return versions.refused(version, "", versions.offered(account))


def check_organization(subject: Subject) -> Account | None:
    """Compares the key's organisation with the stack's. A refused key or an API that does not answer is no error here:
    nothing can be changed with either, and a preview needs no valid key.

    Returns:
        The account in the stack's zone; None if the key is refused or the API does not answer.

    Raises:
        AnotherOrganization: they differ.
    """
    try:
        account = connect(subject.zone, subject.stack)
        if subject.home.id:
            refuse_another(account, subject.home, subject.stack)
    except AnotherOrganization:
        raise
    except TeardownError:
        return None
    return account


def refuse_copy(subject: Subject, project: str, stack: str) -> None:
    """Checks that a delete step runs in the stack that it was made for.

    Args:
        project: project of the running stack.
        stack: name of the running stack.

    Raises:
        TeardownError: the state was copied from another stack, or the stack was renamed and had no `up` since.
    """
    if (project, stack) != (subject.project, subject.stack):
        raise TeardownError(
            f"this state is of stack {subject.project}/{subject.stack}, and {project}/{stack} was about to destroy it. "
            f"Next: if that is a copy, `pulumi stack rm --force {stack}`; if it is the same stack under a new name, "
            "`pulumi up` once"
        )


def arm(subject: Subject, role: str, cluster_id: str, token: str, say: Say) -> None:
    """Makes a step the one of its role that may work on the cluster. For the second drain it also clears away what
    earlier runs left there.

    Raises:
        TeardownError: the cluster does not answer, does not exist, or refuses the change.
    """
    server = _reach(subject, cluster_id, say)
    with webhooks.explained(server, cluster_id):
        armed.arm(server, role, token, f"{subject.project}/{subject.stack}")
    if role == SECOND_DRAIN:
        _clear_away(server, subject, say)


def left_behind(subject: Subject, cluster_id: str) -> tuple[str, ...]:
    """Names what earlier runs left in the cluster for an `up` to clear away: `closedByADestroy` (see `closing`) and
    `unfinishedHelmOperation` (see `helm_records`). Changes nothing.

    Empty if that cannot be found out: a preview needs neither a valid key nor a cluster that answers.
    """
    try:
        server = _silently(subject, cluster_id)
        found = {
            "closedByADestroy": closing.is_closed(server),
            "unfinishedHelmOperation": bool(helm_records.unfinished(server, subject.ref)),
        }
    except TeardownError:
        return ()
    return tuple(name for name, is_there in found.items() if is_there)


def clear_away(subject: Subject, cluster_id: str, say: Say) -> None:
    """Clears away what earlier runs left in the cluster. The engine's lock says that none of them is under way.

    Raises:
        TeardownError: the cluster does not answer or does not exist.
    """
    _clear_away(_reach(subject, cluster_id, say), subject, say)


def forget_release(subject: Subject, cluster_id: str, namespace: str, release: str, say: Say) -> None:
    """Deletes Helm's records of a release of the stack; see `helm_records.forget_release`. The caller knows that it is
    missing from the state.

    Raises:
        TeardownError: the cluster does not answer or does not exist.
    """
    helm_records.forget_release(_reach(subject, cluster_id, say), subject.ref, namespace, release, say)


def running_machines(subject: Subject, pools: Pools) -> Running:
    """Describes the machines of these nodepools; see `machines.running`.

    Raises:
        TeardownError: the cloud does not say.
    """
    return machines.running(subject.accounts()[subject.zone], pools)


def old_machines(subject: Subject, cluster_id: str, pools: Pools) -> list[str]:
    """Returns a line for each nodepool with machines that differ from what it makes now; nothing if the cloud does not
    answer: a preview needs no valid key."""
    try:
        account = subject.accounts()[subject.zone]
        return machines.old(account, _server(account, cluster_id), subject.stack, pools)
    except TeardownError:
        return []


def _server(account: Account, cluster_id: str) -> ApiServer | None:
    try:
        return reach(account, cluster_id, 0, lambda line: None)
    except Unreachable:
        return None


def await_ingress_pod(
    subject: Subject, cluster_id: str, namespace: str, nodepool: str, pool_id: str, patience: float, say: Say
) -> None:
    """Waits for a ready pod of the ingress controller behind its load balancer; see `ingress_pods.await_one`.

    Raises:
        TeardownError: no pod became ready in time, or the cluster does not answer.
    """
    server = _reach(subject, cluster_id, say)
    ingress_pods.await_one(subject.accounts()[subject.zone], server, namespace, nodepool, pool_id, patience, say)


def taken_class(subject: Subject, cluster_id: str, name: str, release: str) -> str:
    """Says that an ingress class is another controller's, see `ingresses.taken`; empty if that cannot be found out."""
    try:
        return ingresses.taken(_silently(subject, cluster_id), name, release)
    except TeardownError:
        return ""


def unserved_ingresses(subject: Subject, cluster_id: str, name: str) -> list[str]:
    """Names Ingresses that are not served as they are written, see `ingresses.unserved`; none if that cannot be found
    out."""
    try:
        return ingresses.unserved(_silently(subject, cluster_id), name)
    except TeardownError:
        return []


def drain(subject: Subject, role: str, token: str, target: DrainTarget, say: Say) -> list[str]:
    """Empties the cluster of load balancers and, by policy, of volumes; see `drain.run`.

    Returns:
        Lines that have to stay on the screen.
    """
    return run_drain(_cloud_drain(subject, target, say), role, token)


def drain_unfinished(subject: Subject, target: DrainTarget, say: Say) -> list[str]:
    """Empties the cluster if no `up` got far enough to arm its second drain; see `drain.run_unfinished`.

    Returns:
        Lines that have to stay on the screen.
    """
    return run_unfinished(_cloud_drain(subject, target, say), SECOND_DRAIN)


def remove_leftover_balancer(subject: Subject, cluster_id: str, say: Say) -> None:
    """Deletes the NLB that the CCM made for the ingress, once the ingress has another; see `leftover`. If the cluster
    does not answer, it may use the NLB, so the NLB stays."""
    account = subject.accounts()[subject.zone]
    try:
        server = reach(account, cluster_id, _REACH_SECONDS, say)
        held = services.load_balancers(server) if server else []
    except Unreachable as silent:
        say(f"{silent}, so an NLB that it made for the ingress stays, if there is one")
        return
    remove_leftover(account, subject, held, say)


def sweep_nodepools(subject: Subject, token: str, cluster_id: str, say: Say) -> list[str]:
    """Deletes nodepools that are missing from the state and would lock the cluster; see `sweep.sweep_nodepools`.

    Deletes nothing if another sweep is armed, or if the control plane does not answer: live nodepools carry the same
    labels.
    """
    account = subject.accounts()[subject.zone]
    try:
        server = reach(account, cluster_id, 0, say)
    except Unreachable as silent:
        return [
            f"{silent}, so nodepools of cluster {cluster_id} that no state knows stay: Exoscale names them if there are"
        ]
    if server is None:
        return []
    found = armed.armed(server, NODEPOOL_SWEEP if token else "")
    if found and found["token"] != token:
        return [f"another sweep is armed in cluster {cluster_id}: this one does nothing"]
    return sweep.sweep_nodepools(account, subject, cluster_id, _SWEEP_SECONDS, say)


def sweep_rules(subject: Subject, security_group_id: str, say: Say) -> list[str]:
    """Deletes rules of the stack's security group that are missing from the state: a rule that names the group itself
    would keep it from ever being deleted."""
    zones = {**subject.accounts(), **accounts(subject.stack, [GLOBAL_ZONE])}
    return remove_rules_unless_worn(zones, security_group_id, say)


def remove_rules_unless_worn(zones: Accounts, security_group_id: str, say: Say) -> list[str]:
    """Deletes the rules of a security group. While a machine uses it, it is not about to go, and nothing is deleted.

    Args:
        zones: where to look for machines; the global zone is one of them.
    """
    if wearers := worn_by(survey(zones), security_group_id):
        return [f"{wearers[0]} uses security group {security_group_id}, so its rules stay"]
    for rule in removal.remove_rules(zones[GLOBAL_ZONE], security_group_id):
        say(f"deleted rule {rule} of security group {security_group_id}")
    return []


def sweep_stack(subject: Subject, say: Say) -> list[str]:
    """Deletes what carries the stack's id and is missing from the state, in every zone; see `sweep.sweep_stack`.

    Returns:
        Lines that have to stay on the screen; the last one is the receipt.
    """
    return sweep.sweep_stack(subject.accounts(everywhere=True), subject, override(), _SWEEP_SECONDS, say)


def remaining(subject: Subject) -> str:
    """Says in one line which resources of a stack still run in its zone, and what they cost."""
    found = resources(survey(subject.accounts(), groups=False), Evidence(subject.ref))
    ours = [item for item in found if item.billable and item.verdict(subject.ref) is Verdict.OURS]
    return f"{costing(ours)} still run for stack {subject.stack}" if ours else f"nothing runs for stack {subject.stack}"


def _silently(subject: Subject, cluster_id: str) -> ApiServer:
    """Returns the API server without asking whether it answers: the first request does."""
    return ApiServer(kubeconfig(subject.accounts()[subject.zone], cluster_id))


def _clear_away(server: ApiServer, subject: Subject, say: Say) -> None:
    closing.open_again(server, say)
    helm_records.forget(server, subject.ref, say)


def _reach(subject: Subject, cluster_id: str, say: Say) -> ApiServer:
    server = reach(subject.accounts()[subject.zone], cluster_id, _REACH_SECONDS, say)
    if server is None:
        raise TeardownError(f"there is no cluster {cluster_id} in {subject.zone}")
    return server


def _cloud_drain(subject: Subject, target: DrainTarget, say: Say) -> CloudDrain:
    chosen = replace(target, on_destroy=override() or target.on_destroy)
    return CloudDrain(subject.accounts()[subject.zone], subject, chosen, say)
