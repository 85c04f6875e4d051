"""A cloud with a cluster on paper, a load balancer in front of it, and what an observer of the cluster would see."""

from pathlib import Path
from typing import Any, cast

from sandbox.controllers.objects import Object
from sandbox.traffic.listeners import Listeners
from sandbox.traffic.observer import Observer
from sandbox.traffic.snapshot import Rules, Snapshot
from sandbox.traffic.way import Ways
from tests.sandbox.sks_bench import Bench
from tests.sandbox.traffic.objects import CONTROLLERS, meta, pod, snapshot

HTTP, HTTPS, CHECK = 30080, 30443, 31000
LISTENS = {"f5": (80, 443), "ingress-nginx": (80, 443), "traefik": (8000, 8443), "": (8080, 8443)}
PROBE = {"mode": "http", "port": CHECK, "uri": "/healthz", "interval": 10, "timeout": 5, "retries": 1}


class World:
    """Its load balancer leads to an ingress controller, with a pod on the first of two nodes.

    Args:
        bench: the API.
        folder: folder for the ports.
    """

    def __init__(self, bench: Bench, folder: Path) -> None:
        self.bench = bench
        group = bench.done(bench.client.create_security_group(name="open"))
        rule = {"flow_direction": "ingress", "protocol": "tcp", "start_port": 30000, "end_port": 32767}
        self.rule = (group, rule)
        bench.done(bench.client.add_rule_to_security_group(id=group, network="0.0.0.0/0", **rule))
        self.cluster = bench.cluster()
        self.nodepool = bench.nodepool(self.cluster, security_groups=[{"id": group}])
        self.pool = self.nodepool["instance-pool"]["id"]
        self.nodes = [one["name"] for one in bench.instances(self.pool)]
        self.balancer = bench.balancer()
        bench.service(self.balancer, self.pool, healthcheck=PROBE)
        bench.service(self.balancer, self.pool, name="https", port=443, target_port=HTTPS, healthcheck=PROBE)
        self.address = str(bench.client.get_load_balancer(id=self.balancer)["ip"])
        self.seen: Snapshot | None = None
        self.ways = Ways(bench.cloud, lambda id_: cast(Observer, self) if id_ == self.cluster else None)
        self.listeners = Listeners(bench.cloud, self.ways, folder / "traffic.json")
        bench.cloud.traffic = self.listeners

    def rules(self) -> Rules | None:
        """What an observer sees."""
        return self.seen

    def snapshot(self) -> Snapshot | None:
        """And all of it."""
        return self.seen

    def run(self, kind: str, *objects: Object, flags: tuple[str, ...] = (), policy: str = "Local") -> None:
        """Puts these objects into the cluster, and the controller in front of them; an empty kind runs another program.

        With no object at all, the controller has no pod.
        """
        args, name = CONTROLLERS.get(kind, ((), ""))
        ports = [("http", HTTP), ("https", HTTPS)]
        service = {
            "metadata": meta("front", "ingress"),
            "spec": {
                "type": "LoadBalancer",
                "externalTrafficPolicy": policy,
                "healthCheckNodePort": CHECK,
                "ports": [{"name": n, "port": 80, "nodePort": port, "protocol": "TCP"} for n, port in ports],
            },
        }
        program = pod("front-1", (*args, *flags))
        endpoint = {
            "addresses": ["192.168.0.9"],
            "nodeName": self.nodes[0],
            "conditions": {"ready": bool(objects)},
            "targetRef": {"kind": "Pod", "namespace": "ingress", "name": "front-1"},
        }
        slice_ = {
            "metadata": meta("front-x", "ingress", labels={"kubernetes.io/service-name": "front"}),
            "ports": [{"name": n, "port": port} for (n, _), port in zip(ports, LISTENS[kind], strict=True)],
            "endpoints": [endpoint],
        }
        self.seen = snapshot(service, slice_, *objects, controller=name, pods=(program,))

    def health(self) -> list[str]:
        """The check's results, node by node."""
        service: dict[str, Any] = self.bench.client.get_load_balancer(id=self.balancer)["services"][0]
        return [one["status"] for one in service["healthcheck-status"]]

    def local(self, port: int = 80) -> int:
        """The port on loopback."""
        found = self.listeners.local_port(self.address, port)
        assert found is not None
        return found
