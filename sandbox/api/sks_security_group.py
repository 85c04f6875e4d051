"""The security group that is made with an SKS cluster on request, with the rules that its network plugin needs."""

from typing import Any

from sandbox.api.security_group import KIND
from sandbox.cloud import Cloud
from sandbox.store import Document

# Rules from the group to itself, by network plugin; name and rules are assumed to be those in the provider's example
# for SKS (docs/exoscale.md, Clusters).
AMONG_NODES: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "calico": [("VXLAN (Calico)", {"protocol": "udp", "start-port": 4789, "end-port": 4789})],
    "cilium": [
        ("VXLAN (Cilium)", {"protocol": "udp", "start-port": 8472, "end-port": 8472}),
        ("Health checks (Cilium)", {"protocol": "udp", "start-port": 4240, "end-port": 4240}),
        ("Health checks (Cilium)", {"protocol": "icmp", "icmp": {"type": 8, "code": 0}}),
    ],
}
KUBELET = ("Kubelet", {"protocol": "tcp", "start-port": 10250, "end-port": 10250})
NODE_PORTS = {"start-port": 30000, "end-port": 32767}
EVERYWHERE = "0.0.0.0/0"


def create(cloud: Cloud, cluster: Document) -> str:
    """Makes the group of a new cluster.

    Returns:
        Its id.
    """
    group = {"id": cloud.ids.uuid(), "name": f"sks-{cluster['id']}"}
    itself = {"security-group": dict(group)}
    wanted = [(text, {**rule, **itself}) for text, rule in [KUBELET, *AMONG_NODES.get(cluster.get("cni", ""), [])]]
    wanted += [("NodePort services", {"protocol": p, **NODE_PORTS, "network": EVERYWHERE}) for p in ("tcp", "udp")]
    rules = [
        {"id": cloud.ids.uuid(), "flow-direction": "ingress", "description": text, **rule} for text, rule in wanted
    ]
    cloud.store.put(KIND, {**group, "description": f"Default of SKS cluster {cluster['name']}"[:255], "rules": rules})
    return str(group["id"])
