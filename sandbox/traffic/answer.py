"""The answer to an HTTP request on a connection whose way is known."""

from sandbox.controllers.objects import Object, key_of
from sandbox.traffic.http import Controller, Forward, NoAnswer, Outcome, Redirect, Request
from sandbox.traffic.node_ports import Endpoint, endpoints
from sandbox.traffic.page import Reply, reply
from sandbox.traffic.ports import service_port
from sandbox.traffic.snapshot import namespace_of
from sandbox.traffic.way import Way, one_of

_ANSWERED = "On the real cloud this pod would have answered."


def answer(way: Way, request: Request) -> Reply:
    """Returns what the pod at the end of the way, or the ingress controller in it, would have led to."""
    facts = {"load balancer": f"{way.balancer['name']} ({way.balancer['ip']})", "host": request.host}
    if way.controller is None:
        service = way.target.service
        shown = _served(service, way.target.port, way.endpoint)
        return reply(200, key_of(service), _ANSWERED, {**facts, "path": request.target, "via": way.node, **shown})
    facts["controller"] = f"{way.controller.title}, pod {way.endpoint.pod} on {way.endpoint.node}"
    return _controlled(way, way.controller, way.controller.route(request, way.objects), facts, request.path)


def nowhere(why: str) -> Reply:
    """Returns the page for a connection that nothing would answer."""
    return reply(503, "Nothing answers", "On the real cloud this connection would fail.", {"why": why})


def refused(why: str) -> Reply:
    """Returns the page for plain HTTP at a port where the controller speaks TLS."""
    return reply(400, "400 Bad Request", "The controller would have answered with this error.", {"why": why})


def _controlled(way: Way, controller: Controller, outcome: Outcome, facts: dict[str, str], path: str) -> Reply:
    match outcome:
        case Forward(source, rule, backend, asked, kind):
            known = {**facts, kind: key_of(source), "rule": rule, "path": asked}
            found = service_port(way.objects, namespace_of(source), backend)
            ready = endpoints(way.objects, *found) if found else []
            if found and ready:
                shown = {**known, **_served(*found, one_of(ready, way.client))}
                return reply(200, key_of(found[0]), _ANSWERED, shown)
            name = (backend.get("service") or {}).get("name", "")
            missing = {**known, "service": f"{namespace_of(source)}/{name}"}
            return _controlled(way, controller, controller.without_endpoints(outcome), missing, asked)
        case Redirect(status, location, why, cause):
            lead = f"The controller would have sent the client to {location}"
            known = {**facts, "ingress": key_of(cause) if cause else "", "why": why}
            return reply(status, "Redirect", lead, known, location)
        case NoAnswer(status, text, why):
            lead = "The controller would have answered with this error."
            return reply(status, text, lead, {**facts, "path": path, "why": why})


def _served(service: Object, port: Object, endpoint: Endpoint) -> dict[str, str]:
    return {
        "service": key_of(service),
        "port": str(port["port"]),
        "pod": endpoint.pod or f"{endpoint.address}:{endpoint.port}",
        "node": endpoint.node,
    }
