"""Manages the load balancer of one Service as the real CCM does, in the same order and with the same gaps."""

import logging
from collections.abc import Callable
from typing import Any

from sandbox.ccm import annotations
from sandbox.ccm.annotations import annotation, is_external
from sandbox.controllers.exoscale import Exoscale, ExoscaleError
from sandbox.controllers.objects import Object
from sandbox.store import Document

NOT_FOUND = 404
# The fields of the v3 client's service struct, without `state` and `healthcheck-status`, which the CCM ignores.
SERVICE_FIELDS = ("id", "name", "description", "port", "target-port", "protocol", "strategy")
HEALTHCHECK_FIELDS = ("mode", "port", "uri", "interval", "timeout", "retries", "tls-sni")

Annotate = Callable[[Object, str, str], None]


class Failed(Exception):
    """The load balancer does not match the Service; the text is the real CCM's."""


class LoadBalancers:
    """The load balancers of one cluster's Services.

    Args:
        cloud: the zone's API.
        annotate: writes one annotation of a Service to the API server; raises an error if that fails.
        log: logger for actions.
    """

    def __init__(self, cloud: Exoscale, annotate: Annotate, log: logging.Logger) -> None:
        self._cloud = cloud
        self._annotate = annotate
        self._log = log

    def find(self, service: Object) -> Document | None:
        """Finds the Service's load balancer, only by its id annotation.

        Raises:
            ExoscaleError: the API did not say whether it exists: a refusal is not an absence.
        """
        id_ = annotation(service, annotations.ID)
        if not id_:
            return None
        try:
            return self._cloud.call("get-load-balancer", id=id_)
        except ExoscaleError as error:
            if error.status == NOT_FOUND:
                return None
            raise

    def ensure(self, service: Object, nodes: list[Object]) -> str:
        """Makes the load balancer match the Service, and returns its address. Annotations that it writes are added to
        `service` too.

        Args:
            nodes: all nodes of the cluster.

        Raises:
            Failed, ExoscaleError, Unfit: it failed; the next try starts over.
        """
        if is_external(service):
            self._find_external(service)
        self._find_pool(service, nodes)
        wanted = annotations.load_balancer(service)
        found = self.find(service)
        if found is None:
            if is_external(service):
                raise Failed("NLB instance marked as external in Service annotations, cannot create")
            self._log.info("creating new NLB %s", wanted["name"])
            # An empty name is sent and refused, because the request cannot omit it.
            request = {"name": wanted["name"], **_given(description=wanted["description"])}
            id_ = self._cloud.change("create-load-balancer", **request)
            found = self._cloud.call("get-load-balancer", id=id_)
            self._note(service, annotations.ID, found["id"])
        self.update(service)
        return str(found["ip"])

    def update(self, service: Object) -> None:
        """Updates name and services of the load balancer.

        Raises:
            Failed, ExoscaleError, Unfit: it could not.
        """
        wanted = annotations.load_balancer(service)
        if not wanted["id"]:
            raise Failed("load balancer ID annotation not found")
        current = self._cloud.call("get-load-balancer", id=wanted["id"])
        external = is_external(service)
        if not external and differs(current, wanted):
            # The current description, not the wanted one, as in the real CCM, at every sync.
            request = _given(name=wanted["name"], description=current.get("description"))
            self._cloud.change("update-load-balancer", id=wanted["id"], **request)
        wanted_keys = {_key(item) for item in wanted["services"]}
        kept: dict[tuple[int, str], Document] = {}
        for item in current.get("services") or []:
            if _key(item) in wanted_keys:
                kept[_key(item)] = item
            elif not external:  # on an external one it may be another Service's
                self._log.info("NLB service %s/%s matches no port, deleting", current["name"], item["name"])
                self._delete_service(current, item)
        for item in wanted["services"]:
            self._ensure_service(current, kept.get(_key(item)), item)

    def delete(self, service: Object) -> None:
        """Removes the NLB services that match the Service's ports, then the load balancer if none is left.

        Raises:
            ExoscaleError: it could not.
        """
        found = self.find(service)
        if found is None:
            return
        services = found.get("services") or []
        remaining = len(services)
        for item in services:
            for port in service["spec"].get("ports") or []:
                if _key(item) == (port["port"], port.get("protocol", "TCP").lower()):
                    self._log.info("deleting NLB service %s/%s", found["name"], item["name"])
                    self._delete_service(found, item)
                    remaining -= 1
        if remaining == 0 and not is_external(service):
            self._log.info("deleting NLB %s", found["name"])
            self._cloud.change("delete-load-balancer", id=found["id"])

    def _find_external(self, service: Object) -> None:
        id_, name = annotation(service, annotations.ID), annotation(service, annotations.NAME)
        if id_:
            return
        if not name:
            raise Failed("NLB instance marked as external in Service annotations, but no ID or name specified")
        try:
            listed = self._cloud.call("list-load-balancers")["load-balancers"]
        except ExoscaleError as error:
            raise Failed(f"error listing NLBs: {error}") from None
        matching = [item for item in listed if name in (item["name"], item["id"])]
        if len(matching) != 1:
            raise Failed(f'NLB instance is marked external by name "{name}", but no matching NLB was found')
        self._note(service, annotations.ID, matching[0]["id"])

    def _find_pool(self, service: Object, nodes: list[Object]) -> None:
        cluster_name = annotation(service, annotations.CLUSTER_NAME)
        nodepool_name = annotation(service, annotations.NODEPOOL_NAME)
        if cluster_name:
            if nodepool_name:
                self._note(service, annotations.POOL_ID, self._named_pool(cluster_name, nodepool_name))
        elif nodepool_name:
            raise Failed("SKS node pool name specified without SKS cluster name")
        elif not annotation(service, annotations.POOL_ID):
            self._note(service, annotations.POOL_ID, self._only_pool(nodes))

    def _named_pool(self, cluster_name: str, nodepool_name: str) -> str:
        try:
            listed = self._cloud.call("list-sks-clusters")["sks-clusters"]
        except ExoscaleError as error:
            raise Failed(f"error listing SKS clusters: {error}") from None
        clusters = [item for item in listed if cluster_name in (item["name"], item["id"])]
        if len(clusters) != 1:
            raise Failed(f"SKS cluster with name {cluster_name} not found")
        for nodepool in clusters[0].get("nodepools") or []:
            if nodepool["name"].lower() == nodepool_name.lower():
                return str(nodepool["instance-pool"]["id"])
        raise Failed(f"SKS node pool with name {nodepool_name} not found")

    def _only_pool(self, nodes: list[Object]) -> str:
        managers = []
        for node in nodes:
            try:
                instance = self._cloud.call("get-instance", id=node["status"]["nodeInfo"]["systemUUID"])
            except ExoscaleError as error:
                raise Failed(f"error retrieving Compute instance information: {error}") from None
            managers.append(instance.get("manager") or {})
        return only_pool(managers)

    def _note(self, service: Object, name: str, value: str) -> None:
        if annotation(service, name) == value:
            return
        # First in our copy, which the controller keeps, then in the API server, which may refuse.
        service["metadata"].setdefault("annotations", {})[name] = value
        try:
            self._annotate(service, name, value)
        except Exception as error:
            raise Failed(f"error patching annotations: {error}") from error

    def _ensure_service(self, nlb: Document, current: Document | None, wanted: Document) -> None:
        if current is None:
            self._add_service(nlb, wanted)
            return
        if (current.get("instance-pool") or {}).get("id", "") != wanted["instance-pool"]["id"]:
            try:  # the API cannot move a service to another pool
                self._delete_service(nlb, current)
            except ExoscaleError as error:
                raise Failed(f"failed deleting NLB service: {error}") from None
            self._add_service(nlb, wanted)
        elif service_differs(current, {**wanted, "id": current["id"]}):
            self._log.info("updating NLB service %s/%s", nlb["name"], wanted["name"])
            request = {key: value for key, value in _request(wanted).items() if key != "instance_pool"}
            self._cloud.change("update-load-balancer-service", id=nlb["id"], service_id=current["id"], **request)

    def _add_service(self, nlb: Document, wanted: Document) -> None:
        self._log.info("creating new NLB service %s/%s", nlb["name"], wanted["name"])
        self._cloud.change("add-service-to-load-balancer", id=nlb["id"], **_request(wanted))
        # The operation's reference names the load balancer, so the CCM looks for the service by its name.
        services = self._cloud.call("get-load-balancer", id=nlb["id"]).get("services") or []
        if wanted["name"] not in [item["name"] for item in services]:
            raise Failed(f"failed to create NLB service {nlb['name']}/{wanted['name']}")

    def _delete_service(self, nlb: Document, item: Document) -> None:
        self._cloud.change("delete-load-balancer-service", id=nlb["id"], service_id=item["id"])


def only_pool(managers: list[Document]) -> str:
    """Returns the only instance pool of the nodes' instances; instances without a pool do not count.

    Args:
        managers: each instance's `manager`, empty if it has none.

    Raises:
        Failed: there are several, or none.
    """
    pools = {manager["id"] for manager in managers if manager.get("type") == "instance-pool"}
    if len(pools) > 1:
        raise Failed(
            "multiple Instance Pools detected across cluster Nodes, "
            "an Instance Pool ID must be specified in Service manifest annotations"
        )
    if not pools:
        raise Failed("couldn't infer any Instance Pool from cluster Nodes")
    return str(pools.pop())


def differs(current: Document, wanted: Document) -> bool:
    """Whether name or description of the load balancer differ from the wanted ones."""
    return (current["name"], current.get("description") or "") != (wanted["name"], wanted["description"])


def service_differs(current: Document, wanted: Document) -> bool:
    """Whether an NLB service differs from the wanted one, compared as whole structs: every field of the instance pool
    counts, so if the API returns more of it than the id, the CCM writes at every sync."""
    return _struct(current) != _struct(wanted)


def _struct(service: Document) -> Document:
    def filled(document: Document) -> Document:
        return {key: value for key, value in document.items() if value not in (None, "", 0, [], {})}

    healthcheck = service.get("healthcheck") or {}
    return {
        **filled({key: service.get(key) for key in SERVICE_FIELDS}),
        "healthcheck": filled({key: healthcheck.get(key) for key in HEALTHCHECK_FIELDS}),
        "instance-pool": filled(service.get("instance-pool") or {}),
    }


def _key(service: Document) -> tuple[int, str]:
    return service["port"], service["protocol"]


def _request(wanted: Document) -> dict[str, Any]:
    return _given(
        name=wanted["name"],
        description=wanted["description"],
        port=wanted["port"],
        target_port=wanted["target-port"],
        protocol=wanted["protocol"],
        strategy=wanted["strategy"],
        healthcheck=_given(**wanted["healthcheck"]),
        instance_pool=wanted["instance-pool"],
    )


def _given(**fields: Any) -> dict[str, Any]:
    """Removes empty fields, which the Go client omits."""
    return {key: value for key, value in fields.items() if value not in (None, "", 0)}
