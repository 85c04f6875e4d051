"""The driver's pods, which run on the cluster's own nodes: without nodes it does not work."""

import threading

from sandbox.ccm.nodes import is_ready
from sandbox.controllers.informer import Informer
from sandbox.controllers.objects import Object, is_going, key_of

CONTROLLER, NODE_DRIVER = "exoscale-csi-controller", "exoscale-csi-node"
NAMESPACE = "kube-system"


class Pods:
    """The driver's pods that really run: Ready, and on a Ready node.

    In the API server a pod outlives its machine by a minute, and would seem to keep working.

    Args:
        pods, nodes: the cluster's informers, which call `changed`.
    """

    def __init__(self, pods: Informer, nodes: Informer) -> None:
        self._pods = pods
        self._nodes = nodes
        self._changed = threading.Condition()
        self._closed = False

    def changed(self) -> None:
        """Handles a change of a pod or a node."""
        with self._changed:
            self._changed.notify_all()

    def close(self) -> None:
        """Ends all waits."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def await_controller(self) -> bool:
        """Waits for a pod of the controller; returns False once closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self.nodes_of(CONTROLLER))
            return not self._closed

    def nodes_of(self, app: str) -> set[str]:
        """Returns the names of the nodes on which a pod of that `app` runs."""
        ready = {key_of(node) for node in self._nodes.objects() if is_ready(node)}
        return {
            pod["spec"]["nodeName"]
            for pod in self._pods.objects()
            if _app(pod) == app and pod["spec"].get("nodeName") in ready and is_ready(pod) and not is_going(pod)
        }


def _app(pod: Object) -> str:
    metadata = pod["metadata"]
    return str((metadata.get("labels") or {}).get("app", "")) if metadata["namespace"] == NAMESPACE else ""
