"""Deletes from a cluster what would keep costing money after the cluster is gone.

This is not `kubectl drain`, which empties one node of its pods. It empties a cluster of Services of type LoadBalancer
and, by policy, of volumes. It may be killed after any step and is safe to re-run. So it first labels what it finds as
the stack's, then lets the cluster's controllers delete what they made, and only then deletes the rest itself.
"""

import time
from collections.abc import Callable

from .cloud.account import Document
from .cloud.resource import VOLUME
from .cloud_drain import CloudDrain
from .cluster import challenges, closing, gateways, longhorn, services, volume_claims, webhooks
from .cluster.api_server import ApiServer, Refused, Unreachable, reach
from .cluster.armed import armed
from .command import next_step
from .errors import TeardownError

_UNANSWERED = 0.25  # share of the patience for a webhook's Service to get an endpoint
_GATEWAYS = 0.25  # and for a Gateway to go


class Disarmed(TeardownError):
    """Raised if the cluster's own list of armed steps says that this step has nothing to do."""


def run(cloud: CloudDrain, role: str = "", token: str = "") -> list[str]:
    """Drains a cluster.

    Args:
        cloud: what to drain.
        role: its role in the cluster's list of armed steps; empty for a command from before there was a list.
        token: the token it was armed with.

    Returns:
        Lines for the user: what was left alone, and what keeps costing money.

    Raises:
        TeardownError: there are volumes and the policy is `refuse`; or something holds an NLB; or the control plane
            does not answer; or another stack is armed there. In doubt, nothing is deleted.
    """
    target, stack = cloud.target, cloud.subject.stack

    lines: list[str] = []

    def empty(server: ApiServer) -> None:
        _refuse_a_successor(cloud, server, role, token)
        lines[:] = _in_cluster(cloud, server)

    try:
        is_there = _with_server(cloud, empty, target.wait_seconds)
    except Disarmed as disarmed:
        return [str(disarmed)]
    except Unreachable as silent:
        raise _no_proof(silent, stack) from None
    lines = (lines if is_there else cloud.left_alone(cloud.look())) + cloud.settle_volumes()
    cloud.remove_load_balancers()
    if not is_there and target.releases:
        raise TeardownError(
            f"cluster {target.cluster_id} is gone, so Helm cannot uninstall what was in it. Its NLBs are deleted. "
            f"Next: {_rescue(stack)}, then destroy again"
        )
    cloud.say("drained: nothing in the cluster holds an NLB" + ("" if cloud.keeps else " or a volume"))
    return lines


def run_unfinished(cloud: CloudDrain, role: str) -> list[str]:
    """Drains a cluster whose `up` ended before it armed the step that would drain it: users may have worked in it
    anyway. If the cluster is gone, the sweep at the end of the destroy does the work.

    Args:
        cloud: what to drain.
        role: role of the step that an `up` arms once the nodepools exist. If one is armed, nothing is done.

    Returns:
        Lines for the user.

    Raises:
        TeardownError: as `run`. But if the cluster has no machines, a control plane that does not answer is no error:
            nothing holds its nodepools, and the final sweep lists what it could not prove.
    """
    lines: list[str] = []

    def empty(server: ApiServer) -> None:
        if armed(server, role):
            raise Disarmed
        _refuse_a_copy(cloud, armed(server, ""))  # the earlier steps are armed
        lines[:] = _in_cluster(cloud, server)

    has_machines = cloud.has_machines()
    try:
        is_there = _with_server(cloud, empty, cloud.target.wait_seconds if has_machines else 0)
    except Disarmed:
        return []
    except Unreachable as silent:
        if has_machines:
            raise _no_proof(silent, cloud.subject.stack) from None
        return [f"{silent}; cluster {cloud.target.cluster_id} has no machines, so the destroy goes on"]
    if not is_there:
        return []
    lines += cloud.settle_volumes()
    cloud.remove_load_balancers()
    return [
        *lines,
        "drained a cluster whose up had not ended. Next: if a nodepool is said to be locked, run it again",
    ]


def plan(cloud: CloudDrain) -> None:
    """Prints what `run` would do."""
    server = reach(cloud.account, cloud.target.cluster_id, cloud.target.wait_seconds, cloud.say)
    on_nodes = _on_nodes(cloud, server) if server else []
    if server:
        balancing = learn(cloud, server)
        for name in gateways.owning(balancing).values():
            cloud.say(f"would delete Gateway {name}")
        for service in balancing:
            cloud.say(f"would delete Service {services.name(service)}")
        for one in webhooks.unanswered(server):
            cloud.say(f"would set {one.name} aside: {one.reason}")
        for challenge in challenges.stuck(server):
            cloud.say(f"would let {challenges.name(challenge)} go")
    found = cloud.look()
    for balancer in cloud.balancers(found):
        cloud.say(f"would delete {balancer}")
    for balancer in cloud.served(found):
        cloud.say(f"would take {len(balancer.to_us)} services off {balancer}, {cloud.fate(balancer)}")
    verb = {"refuse": "would stop because of", "delete": "would delete", "keep": "would keep"}
    for item in cloud.data(found):
        cloud.say(f"{verb[cloud.target.on_destroy]} {item}")
    for volume in on_nodes:
        cloud.say(f"{'would lose' if cloud.target.on_destroy == 'delete' else 'would stop because of'} {volume}")
    for line in cloud.left_alone(found):
        cloud.say(line)


def _with_server(cloud: CloudDrain, work: Callable[[ApiServer], None], wait_seconds: float) -> bool:
    """Runs the part that needs the API server, and starts over if that goes away meanwhile.

    Args:
        wait_seconds: how long to wait for one that does not answer.

    Returns:
        Whether there is such a cluster.

    Raises:
        Unreachable: it does not answer in time.
    """
    deadline = time.monotonic() + wait_seconds
    while True:
        patience = max(0.0, deadline - time.monotonic())
        server = reach(cloud.account, cloud.target.cluster_id, patience, cloud.say)
        if server is None:
            return False
        try:
            work(server)
        except Unreachable:
            if time.monotonic() > deadline:
                raise
        else:
            return True


def _refuse_a_successor(cloud: CloudDrain, server: ApiServer, role: str, token: str) -> None:
    found = armed(server, role)
    if found and found["token"] != token:
        raise Disarmed(f"another drain is armed in cluster {cloud.target.cluster_id}: this one does nothing")
    _refuse_a_copy(cloud, found)


def _refuse_a_copy(cloud: CloudDrain, found: Document) -> None:
    name = f"{cloud.subject.project}/{cloud.subject.stack}"
    if found and found["stack"] != name:
        raise TeardownError(
            f"cluster {cloud.target.cluster_id} belongs to stack {found['stack']}, and the state of {name} is a copy "
            "of that one's. Next: `pulumi stack rm --force` for the copy; after a rename, `pulumi up` once"
        )


def _in_cluster(cloud: CloudDrain, server: ApiServer) -> list[str]:
    """Lets the cluster's own controllers delete what they can; returns a line for each thing that was left alone."""
    say, patience = cloud.say, cloud.target.wait_seconds
    learn(cloud, server)
    found = cloud.look()
    cloud.refuse_guests(found)
    on_nodes = _on_nodes(cloud, server)
    cloud.refuse_data(found, on_nodes)
    for volume in on_nodes:
        say(f"{volume} goes with its nodes")
    lines = closing.close(server, cloud.target.on_destroy == "delete", patience * _UNANSWERED, say)
    lines += challenges.let_go(server, say)
    balancing = learn(cloud, server)  # finds what was created before the policy was in force
    found = cloud.look()
    data = cloud.data(found)
    cloud.label([*data, *cloud.balancers(found)])
    lines += gateways.remove(server, balancing, patience * _GATEWAYS, say)
    stuck = services.remove(server, patience, say)
    if stuck:
        cloud.remove_load_balancers()
        stuck, refused = services.release(server, stuck, patience, say)
        lines += [f"leaving Service {name}, whose NLB is gone: {why}" for name, why in refused.items()]
    if stuck:
        raise TeardownError(f"{services.blocker(server, stuck[0])}. Next: find who puts it back, then run it again")
    if cloud.target.on_destroy == "delete":
        ids = {item.id for item in data if item.kind == VOLUME}
        volume_claims.remove(server, ids, patience, say)
    return lines + cloud.left_alone(found)


def _on_nodes(cloud: CloudDrain, server: ApiServer) -> list[longhorn.LonghornVolume]:
    """Returns the volumes on the nodes' own disks. Longhorn's own webhook converts its objects, and may be gone: with
    the policy `delete` no answer is needed."""
    try:
        return longhorn.volumes(server)
    except Refused:
        if cloud.target.on_destroy == "delete":
            return []
        raise


def learn(cloud: CloudDrain, server: ApiServer) -> list[Document]:
    """Adds the cluster's answers to the evidence; returns its Services of type LoadBalancer."""
    found = services.load_balancers(server)
    uids = {service["metadata"]["uid"] for service in found}
    cloud.learn(uids, set(filter(None, map(services.external, found))), *volume_claims.volumes(server))
    return found


def _no_proof(silent: Unreachable, stack: str) -> TeardownError:
    return TeardownError(
        f"{silent}. Exoscale knows the cluster, so that is no proof that it is gone, and the destroy stops. Next: run "
        f"it again when it answers; if it never will, {_rescue(stack)}"
    )


def _rescue(stack: str) -> str:
    return next_step("rescue", stack, f"make rescue STACK={stack}")
