"""From a backend in an Ingress to the Service's port."""

from sandbox.controllers.objects import Object
from sandbox.traffic.snapshot import Rules


def service_port(rules: Rules, namespace: str, backend: Object) -> tuple[Object, Object] | None:
    """Returns the Service and the port that a backend names by name or number; None if either is missing."""
    wanted = backend.get("service") or {}
    service = rules.services.get(f"{namespace}/{wanted.get('name', '')}")
    asked = wanted.get("port") or {}
    if service is not None:
        for port in service["spec"].get("ports") or []:
            if port["port"] == asked.get("number") or ("name" in asked and port.get("name") == asked["name"]):
                return service, port
    return None
