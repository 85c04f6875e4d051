"""F5's NGINX Ingress Controller: how it reads Ingresses (docs/exoscale.md, Ingress controllers)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sandbox.controllers.objects import Object, key_of
from sandbox.traffic import flags as given
from sandbox.traffic.http import (
    Forward,
    FromSecret,
    Handshake,
    NoAnswer,
    Outcome,
    Redirect,
    RefusedHandshake,
    Request,
)
from sandbox.traffic.snapshot import Snapshot, annotations, namespace_of, oldest_first

CONTROLLER = "nginx.org/ingress-controller"
_MERGEABLE = "nginx.org/mergeable-ingress-type"
_REDIRECT = ("nginx.org/ssl-redirect", "ingress.kubernetes.io/ssl-redirect")
# The variable in this flag's value is only known inside the pod.
_OWN_NAMESPACE = "$(POD_NAMESPACE)"


@dataclass(frozen=True)
class F5:
    """One pod of it.

    Args:
        flags: the pod's flags.
        namespace: the pod's namespace.
    """

    flags: Mapping[str, str]
    namespace: str = "default"
    title: str = "F5 NGINX Ingress Controller"

    @staticmethod
    def runs_in(pod: Object) -> bool:
        """Whether the pod runs it."""
        return "nginx-configmaps" in given.flags(pod)

    def ends_tls(self, port: int) -> bool:
        """See Controller."""
        return str(port) == self.flags.get("default-https-listener-port", "443")

    def handshake(self, name: str, objects: Snapshot) -> Handshake:
        """See Controller: without a certificate for the name or for all others, it refuses."""
        ingress = self._owner(name, {host: one for host, one in self._owners(objects).items() if _tls(one, host)})
        if ingress is None:
            secret = given.named_secret(objects, self._own(self.flags.get("default-server-tls-secret", "")))
            why = "no Ingress has a certificate for this name, and -default-server-tls-secret names none"
        else:
            host, owner = ingress
            wanted = str((_tls(owner, host) or {}).get("secretName", ""))
            secret = given.tls_secret(objects, namespace_of(owner), wanted)
            if not wanted:
                secret = given.named_secret(objects, self._own(self.flags.get("wildcard-tls-secret", "")))
            why = f"the Ingress {key_of(owner)} names no usable TLS secret for this name"
        return RefusedHandshake(why) if secret is None else FromSecret(secret)

    def route(self, request: Request, objects: Snapshot) -> Outcome:
        """See Controller: one Ingress has a host, exact paths come first, then the longest that it begins with."""
        owners = self._owners(objects)
        if request.secure:  # only hosts with TLS listen there, and the default server
            owners = {host: one for host, one in owners.items() if not host or _tls(one, host)}
        found = self._owner(request.host, owners)
        if found is None:
            return NoAnswer(404, "404 Not Found", self._why_no_server(objects))
        host, ingress = found
        if not request.secure and _tls(ingress, host) and _redirects(ingress):
            location = f"https://{request.host}:443{request.target}"
            return Redirect(301, location, "the Ingress has TLS for this host", ingress)
        locations = list(self._locations(host, ingress, objects))
        exact = [one for one in locations if one[1].get("pathType") == "Exact" and _path(one[1]) == request.path]
        prefixes = [
            one for one in locations if one[1].get("pathType") != "Exact" and request.path.startswith(_path(one[1]))
        ]
        chosen = max(exact or prefixes, key=lambda one: len(_path(one[1])), default=None)
        if chosen is None:
            return NoAnswer(404, "404 Not Found", f"no path of the Ingress {key_of(ingress)} matches")
        source, path = chosen
        rule = f"host {host or '(any)'}, path {_path(path)} ({path.get('pathType', 'default backend')})"
        return Forward(source, rule, path["backend"], request.path)

    def without_endpoints(self, forward: Forward) -> NoAnswer:
        """See Controller."""
        return NoAnswer(502, "502 Bad Gateway", "its Service has no ready endpoint")

    def _owners(self, objects: Snapshot) -> dict[str, Object]:
        """Returns the Ingress of each host: the oldest, unless it is a minion."""
        owners: dict[str, Object] = {}
        for ingress in oldest_first(self._ours(objects)):
            if annotations(ingress).get(_MERGEABLE) != "minion":
                for rule in ingress["spec"]["rules"]:
                    owners.setdefault(rule.get("host", ""), ingress)
        return owners

    def _ours(self, objects: Snapshot) -> list[Object]:
        return [one for one in objects.ingresses if self._has_class(one, objects) and not self._rejection(one)]

    def _has_class(self, ingress: Object, objects: Snapshot) -> bool:
        wanted = self.flags.get("ingress-class", "nginx")
        named = given.class_annotation(ingress) or given.class_of(ingress)
        watched = given.is_watched(ingress, self.flags.get("watch-namespace", ""))
        return watched and named == wanted and given.controller_name(objects, wanted) == CONTROLLER

    def _rejection(self, ingress: Object) -> str:
        rules = ingress["spec"].get("rules") or []
        hosts = [rule.get("host", "") for rule in rules]
        if not rules:
            return "it has no rules"
        if "" in hosts and not given.is_on(self.flags, "allow-empty-ingress-host"):
            return "a rule has no host, and the controller runs without -allow-empty-ingress-host"
        return "a host is there twice" if len(set(hosts)) < len(hosts) else ""

    def _why_no_server(self, objects: Snapshot) -> str:
        rejected = [
            f"it rejects the Ingress {key_of(one)}: {why}"
            for one in objects.ingresses
            if self._has_class(one, objects) and (why := self._rejection(one))
        ]
        return "; ".join(["no Ingress of its class has this host", *rejected])

    def _owner(self, name: str, owners: Mapping[str, Object]) -> tuple[str, Object] | None:
        """Returns the host that NGINX chooses, with its Ingress: the name, the longest wildcard for it, or any."""
        wildcards = [host for host in owners if host.startswith("*.") and name.endswith(host[1:])]
        hosts = [name, *sorted(wildcards, key=len, reverse=True), ""]
        return next(((host, owners[host]) for host in hosts if host in owners), None)

    def _locations(self, host: str, ingress: Object, objects: Snapshot) -> Iterator[tuple[Object, Object]]:
        sources = [ingress]
        if annotations(ingress).get(_MERGEABLE) == "master":
            sources = [one for one in oldest_first(self._ours(objects)) if annotations(one).get(_MERGEABLE) == "minion"]
        rooted = False
        for source in sources:
            for rule in source["spec"]["rules"]:
                if rule.get("host", "") == host:
                    for path in (rule.get("http") or {}).get("paths") or []:
                        rooted = rooted or _path(path) == "/"
                        yield source, path
        if not rooted and (backend := ingress["spec"].get("defaultBackend")):
            yield ingress, {"path": "/", "backend": backend}

    def _own(self, flag: str) -> str:
        return flag.replace(_OWN_NAMESPACE, self.namespace)


def _path(path: Object) -> str:
    return path.get("path") or "/"


def _tls(ingress: Object, host: str) -> Object | None:
    """Returns the last entry for the host, as F5's controller does."""
    entries: list[Object] = [one for one in ingress["spec"].get("tls") or [] if host in (one.get("hosts") or [])]
    return entries[-1] if entries else None


def _redirects(ingress: Object) -> bool:
    return all(annotations(ingress).get(key, "true").lower() != "false" for key in _REDIRECT)
