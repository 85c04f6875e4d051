"""HTTPRoutes of the Gateway API, as Traefik reads them (docs/exoscale.md, Ingress controllers)."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sandbox.controllers.objects import Object
from sandbox.traffic import flags as given
from sandbox.traffic.http import is_within
from sandbox.traffic.snapshot import Snapshot, namespace_of

CONTROLLER = "traefik.io/gateway-controller"
EXACT, PREFIX, PATTERN = "Exact", "PathPrefix", "RegularExpression"


@dataclass(frozen=True)
class Route:
    """One match of a rule of an HTTPRoute, at one listener of a Gateway.

    Args:
        source: the HTTPRoute.
        hosts: its hosts there; none stands for all.
        type, value: the match's path.
        priority: the match with the highest wins.
        port: the listener's port.
        backend: the first Service of the rule, as an Ingress would name it.
    """

    source: Object
    hosts: tuple[str, ...]
    type: str
    value: str
    priority: int
    port: int
    backend: Object

    def matches(self, host: str, path: str) -> bool:
        """Whether a request matches."""
        known = not self.hosts or any(_has(host, one) for one in self.hosts)
        if self.type == EXACT:
            return known and path == self.value
        if self.type == PATTERN:
            return known and _finds(self.value, path)
        return known and is_within(path, self.value)


def routes(objects: Snapshot) -> Iterator[Route]:
    """Yields what the HTTPRoutes attached to Traefik's Gateways match. Those that ask for more than host and path match
    nothing here."""
    for gateway in _gateways(objects):
        for listener in gateway["spec"].get("listeners") or []:
            for route in objects.routes:
                hosts = _hosts(listener.get("hostname", ""), tuple(route["spec"].get("hostnames") or ()))
                if hosts is not None and _is_attached(route, gateway, listener):
                    yield from _matches(route, hosts, int(listener["port"]))


def secrets(objects: Snapshot) -> Iterator[Object]:
    """Yields the usable TLS Secrets of the Gateways' listeners."""
    for gateway in _gateways(objects):
        for listener in gateway["spec"].get("listeners") or []:
            for one in (listener.get("tls") or {}).get("certificateRefs") or []:
                secret = given.tls_secret(objects, namespace_of(gateway), one["name"])
                if secret is not None:
                    yield secret


def host_rule(hosts: Sequence[str]) -> str:
    """Returns the rule for these hosts, for the page."""
    return " || ".join(f"Host(`{host}`)" for host in hosts)


def path_rule(type_: str, value: str) -> str:
    """Returns the rule for a path, for the page."""
    return f"{ {EXACT: 'Path', PATTERN: 'PathRegexp'}.get(type_, 'PathPrefix') }(`{value}`)"


def _gateways(objects: Snapshot) -> list[Object]:
    classes = objects.gateway_classes
    ours = {name for name, one in classes.items() if one["spec"].get("controllerName") == CONTROLLER}
    return [one for one in objects.gateways if one["spec"].get("gatewayClassName") in ours]


def _is_attached(route: Object, gateway: Object, listener: Object) -> bool:
    own = namespace_of(route) == namespace_of(gateway)
    allowed = ((listener.get("allowedRoutes") or {}).get("namespaces") or {}).get("from", "Same")
    return (own or allowed == "All") and any(
        one["name"] == gateway["metadata"]["name"]
        and one.get("namespace", namespace_of(route)) == namespace_of(gateway)
        and one.get("sectionName", listener["name"]) == listener["name"]
        and one.get("port", listener["port"]) == listener["port"]
        for one in route["spec"].get("parentRefs") or []
    )


def _hosts(listener: str, wanted: tuple[str, ...]) -> tuple[str, ...] | None:
    """Returns the hosts that a listener and a route have in common; None if there is none."""
    if not listener:
        return wanted
    common = tuple(host for host in wanted if host == listener or _has(host, listener))
    return common or (None if wanted else (listener,))


def _matches(route: Object, hosts: tuple[str, ...], port: int) -> Iterator[Route]:
    rules = route["spec"].get("rules") or []
    longest = max(map(len, hosts), default=0)
    for index, rule in enumerate(rules):
        backend: Object = next((one for one in rule.get("backendRefs") or [] if one.get("weight", 1)), {})
        service = {"service": {"name": backend.get("name", ""), "port": {"number": backend.get("port")}}}
        foreign = backend.get("namespace", namespace_of(route)) != namespace_of(route)
        for match in rule.get("matches") or [{}]:
            path = match.get("path") or {}
            type_, value = path.get("type", PREFIX), path.get("value", "/")
            if set(match) <= {"path"}:
                priority = _priority(type_, value) + longest + len(rules) - index
                yield Route(route, hosts, type_, value, priority, port, {} if foreign else service)


def _priority(type_: str, value: str) -> int:
    if type_ == EXACT:
        return 100_000
    return 1 if type_ == PREFIX and value == "/" else 10_000 + 100 * len(value)


def _finds(pattern: str, path: str) -> bool:
    try:
        return re.search(pattern, path) is not None
    except re.error:  # Traefik makes no router of it
        return False


def _has(host: str, pattern: str) -> bool:
    """Whether the pattern is the host; `*.` stands for any number of labels."""
    return host == pattern or (pattern.startswith("*.") and host.endswith(pattern[1:]))
