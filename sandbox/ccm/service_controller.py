"""Maintains a load balancer for each Service that wants one, as Kubernetes' generic service controller."""

import contextlib
import copy
import logging
import threading
from collections.abc import Callable, Iterator

from sandbox.ccm import services
from sandbox.ccm.load_balancer import LoadBalancers
from sandbox.controllers.cluster import Cluster, Refused
from sandbox.controllers.events import Events
from sandbox.controllers.exoscale import Exoscale
from sandbox.controllers.informer import Informer
from sandbox.controllers.objects import SERVICES, Object, key_of
from sandbox.controllers.work_queue import WorkQueue

FIRST_RETRY_SECONDS = 5.0
MOST_RETRY_SECONDS = 300.0
RESYNC_SECONDS = 30.0
CATCH_UP_SECONDS = 5.0
ALL_NODES = "nodes"


class Failure(Exception):
    """A sync failed; the text is the event's, in the words of the generic controller."""


class ServiceController:
    """The service controller of one cluster. `serve`, `serve_nodes` and `resync` need one thread each.

    Args:
        cluster: its API server.
        cloud: the zone's API.
        nodes: informer of the cluster's nodes, which calls `node_changed`.
        pace: factor of the real waiting times (retries 5 s to 300 s, resync 30 s).
        log: logger for actions and failures.
    """

    def __init__(
        self,
        cluster: Cluster,
        cloud: Exoscale,
        nodes: Callable[[], list[Object]],
        pace: float,
        log: logging.Logger,
    ) -> None:
        self._cluster = cluster
        self._events = Events(cluster, "service-controller")
        self._nodes = nodes
        self._pace = pace
        self._log = log
        self._balancers = LoadBalancers(cloud, self._annotate, log)
        self._queue = WorkQueue(FIRST_RETRY_SECONDS * pace, MOST_RETRY_SECONDS * pace)
        self._node_queue = WorkQueue(FIRST_RETRY_SECONDS * pace, MOST_RETRY_SECONDS * pace)
        self._known: dict[str, Object] = {}  # as of their last sync
        self._balanced_nodes: list[Object] = []
        self.services = Informer(cluster, SERVICES, self._service_changed, log)

    def node_changed(self, old: Object | None, new: Object | None) -> None:
        """Handles a change of a Node."""
        if services.concerns_load_balancers(old, new):
            self._node_queue.add(ALL_NODES)

    def close(self) -> None:
        """Ends `serve` and `serve_nodes` after their current sync."""
        self._queue.close()
        self._node_queue.close()

    def resync(self, stopping: threading.Event) -> None:
        """Queues every 30 s the Services that need cleanup, whatever their back-off."""
        while not stopping.wait(RESYNC_SECONDS * self._pace):
            for service in self.services.objects():
                if services.needs_cleanup(service):
                    self._queue.add(key_of(service))

    def serve(self) -> None:
        """Syncs one Service after the other, as the real one does by default."""
        while (key := self._queue.get()) is not None:
            try:
                self._sync(key)
                self._queue.forget(key)
            except Exception as error:  # an error with one Service must not delay the others
                self._log.warning("error processing service %s (will retry): %s", key, error)
                self._queue.retry(key)
            finally:
                self._queue.done(key)

    def serve_nodes(self) -> None:
        """Updates the load balancers after the set of nodes changed."""
        while (key := self._node_queue.get()) is not None:
            try:
                self._sync_nodes()
            finally:
                self._node_queue.done(key)

    def _service_changed(self, old: Object | None, new: Object | None) -> None:
        if new is None:
            return  # its deletion was work while the finalizer held it
        if old is not None and services.wants_load_balancer(old) != services.wants_load_balancer(new):
            self._log.info("service %s: type %s -> %s", key_of(new), old["spec"].get("type"), new["spec"].get("type"))
        relevant = services.wants_load_balancer(new) if old is None else services.needs_update(old, new)
        if relevant or services.needs_cleanup(new):
            self._queue.add(key_of(new))

    def _sync(self, key: str) -> None:
        stored = self.services.get(key)
        if stored is None:
            known = self._known.get(key)
            if known is not None:
                self._delete_vanished(known)
                self._known.pop(key, None)
            return
        service = copy.deepcopy(stored)
        known = self._known.get(key)
        if known is not None and known["metadata"]["uid"] != service["metadata"]["uid"]:
            self._delete_vanished(known)
        self._known[key] = service
        try:
            self._sync_load_balancer(service, key)
        except Exception as error:
            self._warning(service, "SyncLoadBalancerFailed", f"Error syncing load balancer: {error}")
            self._catch_up(service, key)
            raise
        self._catch_up(service, key)

    def _catch_up(self, service: Object, key: str) -> None:
        self.services.await_version(key, service["metadata"]["resourceVersion"], CATCH_UP_SECONDS)

    def _sync_load_balancer(self, service: Object, key: str) -> None:
        if services.wants_load_balancer(service) and not services.needs_cleanup(service):
            self._event(service, "EnsuringLoadBalancer", "Ensuring load balancer")
            with _failing("failed to add load balancer cleanup finalizer"):
                self._add_finalizer(service)
            with _failing("failed to ensure load balancer"):
                nodes = self._backends()
                if not nodes:
                    self._warn_of_no_nodes(service)
                ingress = [{"ip": self._balancers.ensure(service, nodes)}]
            self._event(service, "EnsuredLoadBalancer", "Ensured load balancer")
            self._patch_status(service, ingress)
            return
        with _failing("failed to check if load balancer exists before cleanup"):
            found = self._balancers.find(service)
        if found is not None:
            self._event(service, "DeletingLoadBalancer", "Deleting load balancer")
            with _failing("failed to delete load balancer"):
                self._balancers.delete(service)
        with _failing("failed to remove load balancer cleanup finalizer"):
            self._remove_finalizer(service)
        self._event(service, "DeletedLoadBalancer", "Deleted load balancer")
        self._patch_status(service, [])
        self._known.pop(key, None)

    def _delete_vanished(self, known: Object) -> None:
        """Cleans up after a Service that disappeared despite its finalizer; only noticed if a sync of it was
        pending."""
        if not services.wants_load_balancer(known):
            return
        self._event(known, "DeletingLoadBalancer", "Deleting load balancer")
        try:
            self._balancers.delete(known)
        except Exception as error:
            self._warning(known, "DeleteLoadBalancerFailed", f"Error deleting load balancer: {error}")
            raise
        self._event(known, "DeletedLoadBalancer", "Deleted load balancer")

    def _sync_nodes(self) -> None:
        before = {node["metadata"]["name"] for node in self._balanced_nodes}
        self._balanced_nodes = self._backends()
        now = {node["metadata"]["name"] for node in self._balanced_nodes}
        if before == now:
            return
        for key, service in list(self._known.items()):
            # The real one also updates a Service that is being deleted, but its deletion has read the load balancer
            # seconds earlier. Here the deletion might come second and miss the leftover port that keeps an NLB.
            if services.needs_cleanup(service) or not services.wants_load_balancer(service):
                continue
            if not self._update_hosts(service, now):
                self._queue.add(key)

    def _update_hosts(self, service: Object, names: set[str]) -> bool:
        try:
            self._balancers.update(service)
        except Exception as error:
            try:
                if self._balancers.find(service) is None:
                    return True
            except Exception as unknown:
                self._log.warning("failed to check if load balancer exists: %s", unknown)
            listed = f"map[{' '.join(f'{name}:{{}}' for name in sorted(names))}]"
            message = f"Error updating load balancer with new hosts {listed}: {error}"
            self._warning(service, "UpdateLoadBalancerFailed", message)
            return False
        if names:
            self._event(service, "UpdatedLoadBalancer", "Updated load balancer with new hosts")
        else:
            self._warn_of_no_nodes(service)
        return True

    def _backends(self) -> list[Object]:
        return services.backends(self._nodes())

    def _warn_of_no_nodes(self, service: Object) -> None:
        message = "There are no available nodes for LoadBalancer"
        self._warning(service, "UnAvailableLoadBalancer", message)

    def _event(self, service: Object, reason: str, message: str) -> None:
        self._events.normal("Service", service, reason, message)

    def _warning(self, service: Object, reason: str, message: str) -> None:
        self._events.warning("Service", service, reason, message)

    def _annotate(self, service: Object, name: str, value: str) -> None:
        with _failing(f"failed to patch service object {key_of(service)}"):
            self._patch(service, {"metadata": {"annotations": {name: value}}})

    def _add_finalizer(self, service: Object) -> None:
        if not services.has_finalizer(service):
            self._patch(service, {"metadata": {"finalizers": [services.FINALIZER]}})

    def _remove_finalizer(self, service: Object) -> None:
        if services.has_finalizer(service):
            patch = {"metadata": {"$deleteFromPrimitiveList/finalizers": [services.FINALIZER]}}
            self._patch(service, patch)

    def _patch_status(self, service: Object, ingress: list[dict[str, str]]) -> None:
        before = service.get("status", {}).get("loadBalancer", {}).get("ingress") or []
        if [item.get("ip") for item in before] == [item["ip"] for item in ingress]:
            return
        with _failing("failed to update load balancer status"):
            try:
                self._patch(service, {"status": {"loadBalancer": {"ingress": ingress or None}}}, "/status")
            except Refused as refused:
                if refused.status != 404:  # it was deleted together with its finalizer
                    raise

    def _patch(self, service: Object, patch: Object, part: str = "") -> None:
        """Merges `patch` into the stored Service, or that part of it; updates only the version of the given copy."""
        metadata = service["metadata"]
        path = f"/api/v1/namespaces/{metadata['namespace']}/services/{metadata['name']}{part}"
        metadata["resourceVersion"] = self._cluster.patch(path, patch)["metadata"]["resourceVersion"]


@contextlib.contextmanager
def _failing(what: str) -> Iterator[None]:
    """Prefixes errors with what failed."""
    try:
        yield
    except Exception as error:
        raise Failure(f"{what}: {error}") from error
