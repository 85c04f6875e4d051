"""Traefik Proxy: how it reads Ingresses (docs/exoscale.md, Ingress controllers)."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from sandbox.controllers.objects import Object
from sandbox.traffic import flags as given
from sandbox.traffic import gateways, ingress_nginx
from sandbox.traffic.certificate import covers
from sandbox.traffic.http import (
    Forward,
    FromSecret,
    Handshake,
    NoAnswer,
    Outcome,
    Own,
    Redirect,
    Request,
    is_single_label,
    is_within,
)
from sandbox.traffic.ingress_nginx import ClassRules, Location, finds
from sandbox.traffic.node_ports import endpoints
from sandbox.traffic.ports import service_port
from sandbox.traffic.snapshot import Snapshot, annotations, namespace_of

CONTROLLER = "traefik.io/ingress-controller"
_ROUTER = "traefik.ingress.kubernetes.io/router."
_KUBERNETES, _NGINX = "providers.kubernetesingress", "providers.kubernetesingressnginx"
_GATEWAY, _ROUTE = "providers.kubernetesgateway", "httproute"


@dataclass(frozen=True)
class Router:
    """One of Traefik's routers. Of those that match, the one with the longest rule wins.

    Args:
        rule: the rule as Traefik writes it.
        matches: whether a host and path match.
        location: where it leads.
        priority: a priority that is not the rule's length; 0 takes that.
        redirects: whether it sends plain HTTP to https.
        rewrites: whether it honours ingress-nginx's `rewrite-target`.
        entry_points: the entry points that it is on; empty means all.
    """

    rule: str
    matches: Callable[[str, str], bool]
    location: Location
    priority: int = 0
    redirects: bool = False
    rewrites: bool = False
    entry_points: tuple[str, ...] = ()
    kind: str = "ingress"


@dataclass(frozen=True)
class Traefik:
    """One pod of it, with its flags."""

    flags: Mapping[str, str]
    title: str = "Traefik"

    @staticmethod
    def runs_in(pod: Object) -> bool:
        """Whether the pod runs it."""
        return any(name.startswith("entrypoints.") for name in given.flags(pod))

    def ends_tls(self, port: int) -> bool:
        """See Controller."""
        return given.is_on(self.flags, f"entrypoints.{self._entry_point(port)}.http.tls")

    def handshake(self, name: str, objects: Snapshot) -> Handshake:
        """See Controller: any Ingress's certificate that has the name, or its own."""
        of_gateways = gateways.secrets(objects) if given.is_on(self.flags, _GATEWAY) else ()
        if (found := next((one for one in of_gateways if covers(one, name)), None)) is not None:
            return FromSecret(found)
        for ingress in [*self._ours(objects), *self._ours_as_nginx(objects)]:
            for entry in ingress["spec"].get("tls") or []:
                secret = given.tls_secret(objects, namespace_of(ingress), entry.get("secretName", ""))
                if secret is not None and covers(secret, name):
                    return FromSecret(secret)
        return Own("TRAEFIK DEFAULT CERT")

    def route(self, request: Request, objects: Snapshot) -> Outcome:
        """See Controller."""
        point = self._entry_point(request.port)
        target = self.flags.get(f"entrypoints.{point}.http.redirections.entrypoint.to", "")
        if target and not request.secure:
            return Redirect(301, f"https://{request.host}{request.target}", f"entry point {point} leads to {target}")
        matching = [
            one
            for one in self._routers(objects)
            if one.matches(request.host, request.path) and point in (one.entry_points or (point,))
        ]
        router = max(matching, key=lambda one: (one.priority or len(one.rule), one.rule), default=None)
        if router is None:
            return NoAnswer(
                404, "404 page not found", "no router matches: no Ingress of its class has this host and path"
            )
        location = router.location
        if router.redirects and not request.secure:
            target = f"https://{request.host}{request.target}"
            return Redirect(308, target, "the Ingress has TLS", location.ingress)
        if router.kind == _ROUTE and service_port(objects, namespace_of(location.ingress), location.backend) is None:
            return NoAnswer(500, "500 Internal Server Error", "the HTTPRoute's backend is no Service that it may use")
        path = location.rewritten(request.path) if router.rewrites else request.path
        return Forward(location.ingress, router.rule or "everything", location.backend, path, router.kind)

    def without_endpoints(self, forward: Forward) -> NoAnswer:
        """See Controller."""
        return NoAnswer(503, "no available server", "its Service has no ready endpoint")

    def _entry_point(self, port: int) -> str:
        for name, value in self.flags.items():
            address = re.fullmatch(r"entrypoints\.([^.]+)\.address", name)
            if address and value.partition("/")[0].rpartition(":")[2] == str(port):
                return address[1]
        return ""

    def _routers(self, objects: Snapshot) -> Iterator[Router]:
        yield from self._from_ingresses(objects)
        yield from self._from_nginx_ingresses(objects)
        yield from self._from_routes(objects)

    def _from_ingresses(self, objects: Snapshot) -> Iterator[Router]:
        for ingress in self._ours(objects):
            settings = annotations(ingress)
            priority = settings.get(f"{_ROUTER}priority", "0")
            points = tuple(point.strip() for point in settings.get(f"{_ROUTER}entrypoints", "").split(",") if point)
            for host, path in _paths(ingress):
                text, matches = self._path_rule(path.path, path.type)
                rule = " && ".join(part for part in (_host_rule(host), text) if part)
                if self._has_service(path, objects):
                    matcher = _both(host, matches)
                    yield Router(rule, matcher, path, int(priority) if priority.isdigit() else 0, entry_points=points)

    def _from_nginx_ingresses(self, objects: Snapshot) -> Iterator[Router]:
        ours = self._ours_as_nginx(objects)
        hosts = {host for one in ours for host, path in _paths(one) if path.is_pattern}
        for ingress in ours:
            secure = bool(ingress["spec"].get("tls"))
            wanted = annotations(ingress).get(f"{ingress_nginx.PREFIX}ssl-redirect", "true") == "true"
            for host, path in _paths(ingress, default_of_hosts=True):
                text, matches = _nginx_path_rule(path, host in hosts)
                rule = " && ".join(part for part in (_host_rule(host), text) if part)
                yield Router(rule, _both(host, matches), path, redirects=secure and wanted, rewrites=True)

    def _from_routes(self, objects: Snapshot) -> Iterator[Router]:
        for route in gateways.routes(objects) if given.is_on(self.flags, _GATEWAY) else ():
            host, path = gateways.host_rule(route.hosts), gateways.path_rule(route.type, route.value)
            location = Location(route.value, route.type, route.backend, route.source)
            yield Router(
                " && ".join(part for part in (host, path) if part),
                route.matches,
                location,
                priority=route.priority,
                entry_points=(self._entry_point(route.port),),
                kind=_ROUTE,
            )

    def _is_ours(self, ingress: Object, objects: Snapshot) -> bool:
        wanted = self.flags.get(f"{_KUBERNETES}.ingressclass", "")
        if not given.is_watched(ingress, self.flags.get(f"{_KUBERNETES}.namespaces", "")):
            return False
        if (named := given.class_of(ingress)) is not None:
            return named == (wanted or named) and given.controller_name(objects, named) == CONTROLLER
        annotated = given.class_annotation(ingress) or ""
        return annotated == wanted or (not wanted and annotated == "traefik")

    def _ours(self, objects: Snapshot) -> list[Object]:
        if not given.is_on(self.flags, _KUBERNETES):
            return []
        return [one for one in objects.ingresses if self._is_ours(one, objects)]

    def _ours_as_nginx(self, objects: Snapshot) -> list[Object]:
        if not given.is_on(self.flags, _NGINX):
            return []
        rules = ClassRules(
            self.flags.get(f"{_NGINX}.controllerclass", ingress_nginx.CONTROLLER),
            self.flags.get(f"{_NGINX}.ingressclass", ingress_nginx.DEFAULT_CLASS),
            given.is_on(self.flags, f"{_NGINX}.watchingresswithoutclass"),
            given.is_on(self.flags, f"{_NGINX}.ingressclassbyname"),
            self.flags.get(f"{_NGINX}.watchnamespace", ""),
        )
        return rules.ours(objects)

    def _path_rule(self, path: str, type_: str) -> tuple[str, Callable[[str], bool]]:
        if not path:
            return "", lambda asked: True
        if type_ == "Exact":
            return f"Path(`{path}`)", lambda asked: asked == path
        if type_ == "Prefix" and given.is_on(self.flags, f"{_KUBERNETES}.strictprefixmatching"):
            return _whole_elements(path), lambda asked: is_within(asked, path)
        return f"PathPrefix(`{path}`)", lambda asked: asked.startswith(path)

    def _has_service(self, location: Location, objects: Snapshot) -> bool:
        """Whether a router is made: not without the Service or its port, nor, unless allowed, without endpoints."""
        found = service_port(objects, namespace_of(location.ingress), location.backend)
        if found is None:
            return False
        return given.is_on(self.flags, f"{_KUBERNETES}.allowemptyservices") or bool(endpoints(objects, *found))


def _paths(ingress: Object, default_of_hosts: bool = False) -> Iterator[tuple[str, Location]]:
    """Yields hosts and paths; the default backend only of an Ingress without rules, unless each host is to have it."""
    rules = ingress["spec"].get("rules") or []
    for rule in rules:
        for path in (rule.get("http") or {}).get("paths") or []:
            yield rule.get("host", ""), Location(path.get("path") or "", path["pathType"], path["backend"], ingress)
    if (backend := ingress["spec"].get("defaultBackend")) and (default_of_hosts or not rules):
        for host in dict.fromkeys([rule.get("host", "") for rule in rules] or [""]):
            yield host, Location("", "default backend", backend, ingress)


def _nginx_path_rule(location: Location, patterns: bool) -> tuple[str, Callable[[str], bool]]:
    path = location.path
    if not path:
        return "", lambda asked: True
    if location.type == "Exact":
        return f"Path(`{path}`)", lambda asked: asked == path
    if patterns:
        return f"PathRegexp(`(?i)^{path}`)", lambda asked: finds(path, asked)
    return _whole_elements(path), lambda asked: is_within(asked, path)


def _whole_elements(path: str) -> str:
    bare = path.rstrip("/")
    return f"(Path(`{bare}`) || PathPrefix(`{bare}/`))" if bare else "PathPrefix(`/`)"


def _host_rule(host: str) -> str:
    if host.startswith("*."):
        return f"HostRegexp(`^[a-zA-Z0-9-]+{re.escape(host[1:])}$`)"
    return f"Host(`{host}`)" if host else ""


def _both(host: str, matches: Callable[[str], bool]) -> Callable[[str, str], bool]:
    def both(asked: str, path: str) -> bool:
        return (not host or asked == host or is_single_label(asked, host)) and matches(path)

    return both
