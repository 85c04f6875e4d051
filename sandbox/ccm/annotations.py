"""Derives a load balancer from a Service's annotations, name and ports. Pure functions."""

import re
from fractions import Fraction

from sandbox.controllers.objects import Object
from sandbox.store import Document

PREFIX = "service.beta.kubernetes.io/exoscale-loadbalancer-"
ID = PREFIX + "id"
NAME = PREFIX + "name"
DESCRIPTION = PREFIX + "description"
EXTERNAL = PREFIX + "external"
STRATEGY = PREFIX + "service-strategy"
SERVICE_NAME = PREFIX + "service-name"
SERVICE_DESCRIPTION = PREFIX + "service-description"
POOL_ID = PREFIX + "service-instancepool-id"
CLUSTER_NAME = PREFIX + "sks-cluster-name"
NODEPOOL_NAME = PREFIX + "service-sks-nodepool-name"
HEALTHCHECK = PREFIX + "service-healthcheck-"

_PART = re.compile(r"(\d+\.?\d*|\.\d+)([^\d.]*)")  # a number and its unit
_SECONDS = {
    "ns": Fraction(1, 10**9),
    "us": Fraction(1, 10**6),
    "µs": Fraction(1, 10**6),
    "μs": Fraction(1, 10**6),
    "ms": Fraction(1, 1000),
    "s": Fraction(1),
    "m": Fraction(60),
    "h": Fraction(3600),
}


class Unfit(Exception):
    """The Service asks for something impossible; the text is the real CCM's."""


def annotation(service: Object, name: str, default: str = "") -> str:
    """Returns the annotation's value, which may be empty, or the default if there is none."""
    return str((service["metadata"].get("annotations") or {}).get(name, default))


def is_external(service: Object) -> bool:
    """Whether the load balancer belongs to somebody else: the CCM neither makes nor deletes it."""
    return annotation(service, EXTERNAL, "false").lower() == "true"


def load_balancer_name(service: Object) -> str:
    """Returns the name of the Service's load balancer."""
    return annotation(service, NAME, f"k8s-{service['metadata']['uid']}")


def load_balancer(service: Object) -> Document:
    """Returns the load balancer that the Service asks for; `id` is empty as long as none is annotated.

    Raises:
        Unfit: an annotation cannot be read, or a port is neither TCP nor UDP.
    """
    ports = service["spec"].get("ports") or []
    return {
        "id": annotation(service, ID),
        "name": load_balancer_name(service),
        "description": annotation(service, DESCRIPTION),
        "services": [_service(service, port, alone=len(ports) == 1) for port in ports],
    }


def _service(service: Object, port: Object, alone: bool) -> Document:
    protocol = port.get("protocol", "TCP")
    if protocol not in ("TCP", "UDP"):
        raise Unfit("only TCP and UDP are supported as service port protocols")
    name = f"{service['metadata']['uid']}-{port['port']}" + ("-udp" if protocol == "UDP" else "")
    return {
        # One annotation cannot name several services.
        "name": annotation(service, SERVICE_NAME, name) if alone else name,
        "description": annotation(service, SERVICE_DESCRIPTION) if alone else "",
        "port": port["port"],
        "target-port": port.get("nodePort", 0),
        "protocol": protocol.lower(),
        "strategy": annotation(service, STRATEGY, "round-robin"),
        "instance-pool": {"id": annotation(service, POOL_ID)},
        "healthcheck": {
            "mode": annotation(service, HEALTHCHECK + "mode", "tcp"),
            "port": _healthcheck_port(service, port),
            "uri": annotation(service, HEALTHCHECK + "uri"),
            "interval": seconds(annotation(service, HEALTHCHECK + "interval", "10s")),
            "timeout": seconds(annotation(service, HEALTHCHECK + "timeout", "5s")),
            "retries": _integer(annotation(service, HEALTHCHECK + "retries", "1")),
        },
    }


def _healthcheck_port(service: Object, port: Object) -> int:
    asked = annotation(service, HEALTHCHECK + "port")
    if asked:
        try:
            return _integer(asked) % 2**16
        except Unfit as unfit:
            raise Unfit(f"invalid healthcheck port annotation: {unfit}") from None
    spec = service["spec"]
    if spec.get("externalTrafficPolicy") == "Local" and spec.get("healthCheckNodePort", 0) > 0:
        return int(spec["healthCheckNodePort"])  # answers only on nodes that run a pod of the Service
    return int(port.get("nodePort", 0))


def seconds(duration: str) -> int:
    """Parses a Go duration to whole seconds, e.g. 90 for `1m30s`, or `0`. Each number needs a unit.

    Raises:
        Unfit: it is not a duration.
    """
    sign = duration[:1] if duration[:1] in ("+", "-") else ""
    rest = duration.removeprefix(sign)
    if rest == "0":
        return 0
    total, read = Fraction(0), 0
    while read < len(rest) or not rest:
        part = _PART.match(rest, read)
        if part is None:
            raise Unfit(f'time: invalid duration "{duration}"')
        number, unit = part.groups()
        if unit not in _SECONDS:
            what = f'unknown unit "{unit}"' if unit else "missing unit"
            raise Unfit(f'time: {what} in duration "{duration}"')
        total += Fraction(number) * _SECONDS[unit]
        read = part.end()
    return int(-total if sign == "-" else total)


def _integer(text: str) -> int:
    if not re.fullmatch(r"[+-]?[0-9]+", text):
        raise Unfit(f'strconv.Atoi: parsing "{text}": invalid syntax')
    return int(text)
