"""A simulated cloud with one cluster whose nodes are on paper, for what makes machines new."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from components.teardown.cloud.account import Document, accounts
from components.teardown.cluster.api_server import Refused
from components.teardown.cluster.nodes import NODES
from components.teardown.cycle import Cycle
from tests.sandbox.sks_bench import MEDIUM, SMALL
from tests.teardown.paper import OURS, ZONE
from tests.teardown.paper_api_server import PaperApiServer
from tests.teardown.world import World, served

Before = Callable[[str], None]


class Nodes(PaperApiServer):
    """Its nodes are the cloud's running instances. Each has the labels and taints that its pool had as it joined.

    Args:
        world: the cloud.
        before: told of each request, before it does anything.
    """

    def __init__(self, world: World, before: Before = lambda request: None) -> None:
        super().__init__()
        self.world = world
        self.before = before
        self.budgets: set[str] = set()
        """Pods that must not be evicted."""
        self.evicted: list[tuple[str, bool]] = []
        """Pods with whether their node took no new ones."""

    def pod(self, name: str, machine: str, owner: str = "ReplicaSet") -> None:
        """A pod on the node of a machine; of no owner where that is empty."""
        owners = {"ownerReferences": [{"kind": owner, "name": "o"}]} if owner else {}
        node = self.world.cloud.store.get("instance", machine)
        assert node
        path = f"/api/v1/namespaces/shop/pods/{name}"
        self._put(path, {"namespace": "shop", **owners}, {"nodeName": node["name"]})
        self.objects[path]["status"] = {"conditions": [{"type": "Ready", "status": "True"}]}

    def _ask(self, method: str, path: str, query: Document, body: Document | None = None, *rest: str) -> Document:
        self.before(f"{method} {path}")
        return super()._ask(method, path, query, body, *rest)

    def _get(self, path: str, body: Any, query: Document) -> Document:
        if path == NODES:
            self._join()
        return super()._get(path, body, query)

    def _post(self, path: str, body: Document, query: Document) -> Document:
        if not path.endswith("/eviction"):
            return super()._post(path, body, query)
        name = body["metadata"]["name"]
        if name in self.budgets:
            raise Refused(429, "Cannot evict pod as it would violate the pod's disruption budget.")
        gone = self.objects.pop(f"/api/v1/namespaces/shop/pods/{name}")
        node = self.objects[f"{NODES}/{gone['spec']['nodeName']}"]
        self.evicted.append((name, node["spec"].get("unschedulable", False)))
        return {}

    def _join(self) -> None:
        store = self.world.cloud.store
        running = {one["name"]: one for one in store.list("instance") if one["state"] == "running"}
        for path in [path for path in self.objects if path.startswith(NODES)]:
            if path.rpartition("/")[2] not in running:
                del self.objects[path]
        for name, machine in running.items():
            if f"{NODES}/{name}" not in self.objects:
                pool = store.get("instance-pool", machine["manager"]["id"]) or {}
                nodepool = store.get("sks-nodepool", pool["manager"]["id"]) or {}
                self.node(name, machine["id"])
                node = self.objects[f"{NODES}/{name}"]
                node["metadata"]["labels"] = dict(nodepool["labels"])
                node["spec"]["taints"] = [{"key": key, **taint} for key, taint in nodepool["taints"].items()]
                node["status"]["conditions"] = [{"type": "Ready", "status": "True"}]


class Fleet:
    """A nodepool of small machines, in its cluster.

    Args:
        size: how many.
    """

    def __init__(self, world: World, size: int = 2) -> None:
        self.world = world
        self.account = accounts(environment=world.environment)[ZONE]
        self.cluster = world.cluster(OURS)
        self.server = Nodes(world)
        self.nodepool, self.pool = world.nodepool(self.cluster, OURS, size=size, name=OURS.name("web"))
        self.server.get(NODES)
        self.said: list[str] = []

    def change(self, **settings: Any) -> None:
        """What an `up` does with a changed nodepool."""
        ids = {"id": self.cluster, "sks_nodepool_id": self.nodepool}
        self.world.make("update_sks_nodepool", **ids, **(settings or {"instance_type": MEDIUM}))

    def cycle(self, *others: str, patience: float = 60, sizes: dict[str, int] | None = None) -> None:
        """Replaces what is old, in the pools that the state records."""
        recorded = {self.nodepool, *others}
        Cycle(self.account, self.server, self.cluster, recorded, sizes or {}, self.said.append, patience).run(bool)

    @property
    def machines(self) -> list[Document]:
        """The pool's, the oldest first."""
        return self.world.cloud.store.where("instance", "manager.id", self.pool)

    @property
    def kinds(self) -> list[str]:
        """Types of the machines, `small` or `medium`."""
        names = {SMALL["id"]: "small", MEDIUM["id"]: "medium"}
        return [names[one["instance-type"]["id"]] for one in self.machines]


@contextmanager
def fleet(size: int = 2) -> Iterator[Fleet]:
    """A fleet in a cloud of its own."""
    with served() as world:
        yield Fleet(world, size)
