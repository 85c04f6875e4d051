"""Checks that something answers behind the ingress controller's load balancer.

Helm does not check this: it accepts a DaemonSet without a single pod, and it does not look at the nodes' pools.
"""

from .cloud.account import Account
from .cluster.api_server import ApiServer
from .cluster.nodes import by_machine
from .cluster.services import balancer, load_balancers
from .errors import TeardownError
from .subject import Say
from .wait import wait_until


def await_one(
    account: Account, server: ApiServer, namespace: str, nodepool: str, pool_id: str, patience: float, say: Say
) -> None:
    """Waits until a ready pod behind the controller's Service runs on a node of the pool, and until the Service's NLB
    sends its traffic only there: the pool that it sent traffic to before may be deleted next. A parked pool has no
    machine, and so no pod, and is skipped.

    Args:
        account: the account in the cluster's zone.
        server: the cluster's API server.
        namespace: namespace of the controller and its Service of type LoadBalancer.
        nodepool: the pool's name in the settings.
        pool_id: the instance pool behind it.
        patience: seconds to wait for the pod.
        say: called with what it waits for, or why it does not.

    Raises:
        TeardownError: no pod became ready in time.
    """

    def missing() -> str:
        if why := _misled(account, server, namespace, pool_id):
            return why
        listed = account.call(account.list_instances).get("instances", [])
        machines = {one["id"] for one in listed if (one.get("manager") or {}).get("id") == pool_id}
        if not machines:
            say(f"nodepool {nodepool} has no node, so nothing answers behind the ingress controller's load balancer")
            return ""
        nodes = {node["metadata"]["name"] for id_, node in by_machine(server).items() if id_ in machines}
        if nodes & _ready_nodes(server, namespace):
            return ""
        if not nodes:
            return f"none of its {len(machines)} machines has joined the cluster"
        return f"no such pod is ready on {', '.join(sorted(nodes))}"

    told: list[str] = []

    def look() -> str:
        why = missing()
        if why and why not in told:
            told.append(why)
            say(f"waiting for a pod of the ingress controller on nodepool {nodepool}: {why}")
        return "x" if why else ""

    if wait_until(look, patience):
        raise TeardownError(
            f"the ingress controller has no ready pod on nodepool {nodepool}, where its load balancer sends traffic: "
            f"{told[-1]}. Next: `kubectl get pods -n {namespace} -o wide` shows where they are and "
            f"`kubectl get events -n {namespace}` why; then `pulumi up` again"
        )


def _misled(account: Account, server: ApiServer, namespace: str, pool_id: str) -> str:
    """Says which traffic of the controller still goes to another pool; empty if none. Others may share the NLB."""
    ports: dict[str, set[int]] = {}
    for service in load_balancers(server):
        if service["metadata"]["namespace"] == namespace:
            for known in balancer(service):
                ports[known] = {port["port"] for port in service["spec"].get("ports") or []}
    for one in account.call(account.list_load_balancers).get("load-balancers", []):
        for service in one.get("services") or [] if one["id"] in ports else []:
            if service["port"] in ports[one["id"]] and service["instance-pool"]["id"] != pool_id:
                return f"port {service['port']} of NLB {one['id']} still goes to another pool"
    return ""


def _ready_nodes(server: ApiServer, namespace: str) -> set[str]:
    """Returns the nodes with a ready pod behind a Service of type LoadBalancer."""
    services = server.items(f"/api/v1/namespaces/{namespace}/services")
    balanced = {service["metadata"]["name"] for service in services if service["spec"].get("type") == "LoadBalancer"}
    return {
        endpoint.get("nodeName", "")
        for piece in server.items(f"/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices")
        if piece["metadata"].get("labels", {}).get("kubernetes.io/service-name") in balanced
        for endpoint in piece.get("endpoints") or []
        if (endpoint.get("conditions") or {}).get("ready", True)
    }
