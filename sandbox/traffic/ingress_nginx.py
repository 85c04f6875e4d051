"""The Kubernetes project's ingress-nginx: how it reads Ingresses (docs/exoscale.md, Ingress controllers)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.controllers.objects import Object
from sandbox.traffic import flags as given
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
from sandbox.traffic.snapshot import Snapshot, annotations, namespace_of, oldest_first

CONTROLLER = "k8s.io/ingress-nginx"
PREFIX = "nginx.ingress.kubernetes.io/"
DEFAULT_CLASS = "nginx"
_PROGRAM = "/nginx-ingress-controller"


@dataclass(frozen=True)
class Location:
    """A path of a host, and the Ingress it is from."""

    path: str
    type: str
    backend: Object
    ingress: Object

    @property
    def rewrite(self) -> str:
        """The path that the application is asked for, with `$1` for what the pattern found; empty to leave it."""
        return annotations(self.ingress).get(f"{PREFIX}rewrite-target", "")

    @property
    def is_pattern(self) -> bool:
        """Whether it makes all paths of its host regular expressions."""
        wanted = annotations(self.ingress).get(f"{PREFIX}use-regex", "") == "true"
        return wanted or self.rewrite not in ("", self.path)

    def rewritten(self, path: str) -> str:
        """Returns the path that the application is asked for."""
        found = re.search(self.path, path, re.IGNORECASE) if self.rewrite and self.is_pattern else None
        if found is None:
            return path
        groups = found.groups()

        def group(number: re.Match[str]) -> str:
            index = int(number[1])
            return (groups[index - 1] or "") if 0 < index <= len(groups) else ""

        return re.sub(r"\$(\d)", group, self.rewrite)


@dataclass(frozen=True)
class ClassRules:
    """Which Ingresses are its own; Traefik's provider for ingress-nginx follows the same rules.

    Args:
        controller: the controller of its IngressClasses.
        annotation: the class in the older annotation.
        without_class: whether Ingresses without a class are its own, too.
        by_name: whether an IngressClass of that name is its own, whatever its controller.
        namespaces: the namespaces it watches, as `a,b`; empty means all.
    """

    controller: str
    annotation: str
    without_class: bool
    by_name: bool
    namespaces: str

    def ours(self, objects: Snapshot) -> list[Object]:
        """Returns its Ingresses, oldest first."""
        return oldest_first([one for one in objects.ingresses if self._is_ours(one, objects)])

    def _is_ours(self, ingress: Object, objects: Snapshot) -> bool:
        if not given.is_watched(ingress, self.namespaces):
            return False
        if (named := given.class_of(ingress)) is not None:
            known = given.controller_name(objects, named)
            return known == self.controller or (self.by_name and named == self.annotation and known is not None)
        if annotated := given.class_annotation(ingress):
            return annotated == self.annotation
        return self.without_class


@dataclass(frozen=True)
class IngressNginx:
    """One pod of it, with its flags."""

    flags: Mapping[str, str]
    title: str = "ingress-nginx"

    @staticmethod
    def runs_in(pod: Object) -> bool:
        """Whether the pod runs it."""
        return _PROGRAM in given.words(pod)

    def ends_tls(self, port: int) -> bool:
        """See Controller."""
        return str(port) == self.flags.get("https-port", "443")

    def handshake(self, name: str, objects: Snapshot) -> Handshake:
        """See Controller: its own certificate where no Ingress has one for the name."""
        secret = self._certificate(name, objects)
        if secret is None:
            secret = given.named_secret(objects, self.flags.get("default-ssl-certificate", ""))
        return Own("Kubernetes Ingress Controller Fake Certificate") if secret is None else FromSecret(secret)

    def route(self, request: Request, objects: Snapshot) -> Outcome:
        """See Controller: the paths of all Ingresses of a host together."""
        ours = self._classes().ours(objects)
        host = _server(request.host, {rule.get("host", "") for one in ours for rule in one["spec"].get("rules") or []})
        location = chosen(locations(ours, host), request.path)
        if location is None:
            return NoAnswer(404, "404 Not Found", f"no path of its Ingresses matches for host {host or '(any)'}")
        settings = annotations(location.ingress)
        forced = settings.get(f"{PREFIX}force-ssl-redirect") == "true"
        wanted = settings.get(f"{PREFIX}ssl-redirect", "true") == "true"
        if not request.secure and (forced or (wanted and _has_tls(request.host, ours))):
            target = f"https://{request.host}{request.target}"
            return Redirect(308, target, "the Ingress has TLS for this host, or asks for it", location.ingress)
        rule = f"host {host or '(any)'}, path {location.path} ({location.type})"
        return Forward(location.ingress, rule, location.backend, location.rewritten(request.path))

    def without_endpoints(self, forward: Forward) -> NoAnswer:
        """See Controller."""
        return NoAnswer(503, "503 Service Temporarily Unavailable", "its Service has no ready endpoint")

    def _classes(self) -> ClassRules:
        return ClassRules(
            self.flags.get("controller-class", CONTROLLER),
            self.flags.get("ingress-class", DEFAULT_CLASS),
            given.is_on(self.flags, "watch-ingress-without-class"),
            given.is_on(self.flags, "ingress-class-by-name"),
            self.flags.get("watch-namespace", ""),
        )

    def _certificate(self, name: str, objects: Snapshot) -> Object | None:
        ours = self._classes().ours(objects)
        for host in (name, f"*.{name.partition('.')[2]}"):
            for ingress in ours:
                for entry in _entries(ingress, host):
                    if secret := given.tls_secret(objects, namespace_of(ingress), entry.get("secretName", "")):
                        return secret
        return None


def locations(ingresses: list[Object], host: str) -> list[Location]:
    """Returns the paths of a host in the order in which NGINX tries patterns; of equal ones, the oldest Ingress's."""
    found: dict[tuple[str, str], Location] = {}
    for ingress in ingresses:
        for rule in ingress["spec"].get("rules") or []:
            if rule.get("host", "") == host:
                for path in (rule.get("http") or {}).get("paths") or []:
                    one = Location(path.get("path") or "/", path["pathType"], path["backend"], ingress)
                    found.setdefault((one.path, one.type), one)
    if not any(one.path == "/" for one in found.values()) and (default := _default(ingresses, host)):
        found[("/", "Prefix")] = default
    by_text = sorted(found.values(), key=lambda one: one.path, reverse=True)
    return sorted(by_text, key=lambda one: len(one.path), reverse=True)


def chosen(ordered: list[Location], path: str) -> Location | None:
    """Returns the location that NGINX chooses for a path."""
    if any(one.is_pattern for one in ordered):
        return next((one for one in ordered if finds(one.path, path)), None)
    exact = next((one for one in ordered if one.type == "Exact" and one.path == path), None)
    return exact or next((one for one in ordered if one.type != "Exact" and _begins(one, path)), None)


def finds(pattern: str, path: str) -> bool:
    """Whether the path begins with what the regular expression finds."""
    try:
        return re.match(pattern, path, re.IGNORECASE) is not None
    except re.error:  # NGINX would refuse it
        return False


def _begins(location: Location, path: str) -> bool:
    if location.type == "Prefix":
        return is_within(path, location.path)
    return path.startswith(location.path)


def _default(ingresses: list[Object], host: str) -> Location | None:
    """Returns the default backend of a host: of an Ingress that names the host, or of one without rules."""
    for ingress in ingresses:
        backend = ingress["spec"].get("defaultBackend")
        hosts = [rule.get("host", "") for rule in ingress["spec"].get("rules") or []] or [""]
        if backend and host in hosts:
            return Location("/", "default backend", backend, ingress)
    return None


def _server(name: str, hosts: set[str]) -> str:
    """Returns the host whose paths count: the name, a wildcard of one label, or those without a host."""
    wildcard = next((host for host in sorted(hosts) if is_single_label(name, host)), "")
    return name if name in hosts else wildcard


def _entries(ingress: Object, host: str) -> list[Object]:
    """Returns the TLS entries for one of the Ingress's hosts, which may have a wildcard."""
    rules = ingress["spec"].get("rules") or []
    entries = ingress["spec"].get("tls") or []
    if host not in [rule.get("host", "") for rule in rules]:
        return []
    return [
        one for one in entries if any(host == name or is_single_label(host, name) for name in one.get("hosts") or [])
    ]


def _has_tls(name: str, ingresses: list[Object]) -> bool:
    return any(_entries(one, host) for one in ingresses for host in (name, f"*.{name.partition('.')[2]}"))
