"""`exoscale.NlbService`: a service of a load balancer, v2 client."""

from typing import Any

from sandbox.plugins.exoscale.clients import V2, Clients, Document
from sandbox.plugins.exoscale.errors import CloudError, Gone
from sandbox.plugins.exoscale.schema import Created, Edit, Input, Resource, present
from sandbox.plugins.properties import Properties


def create(clients: Clients, inputs: Properties) -> Created:
    """POSTs the service and finds it in the balancer by its name."""
    client = clients.v2(inputs["zone"])
    balancer = inputs["nlbId"]
    client.call("get-load-balancer", id=balancer)
    client.run(
        "add-service-to-load-balancer",
        id=balancer,
        **present(description=inputs.get("description")),
        **_settings(inputs),
        instance_pool={"id": inputs["instancePoolId"]},
        healthcheck=_healthcheck(inputs),
    )
    for service in client.call("get-load-balancer", id=balancer)["services"]:
        if service["name"] == inputs["name"]:
            return service["id"], {}
    raise CloudError("unable to identify the service created")


def read(clients: Clients, id_: str, known: Properties) -> Properties | None:
    """Finds the service in its balancer."""
    try:
        service = _find(clients.v2(known["zone"]), known["nlbId"], id_)
    except Gone:
        return None
    if service is None:
        return None
    health = service["healthcheck"]
    return {
        "name": service["name"],
        "description": service.get("description", ""),
        "instancePoolId": service["instance-pool"]["id"],
        "port": service["port"],
        "targetPort": service["target-port"],
        "protocol": service["protocol"],
        "strategy": service["strategy"],
        "state": service["state"],
        "healthchecks": [
            {
                "interval": health["interval"],
                "mode": health["mode"],
                "port": health["port"],
                "retries": health.get("retries", 0),
                "timeout": health["timeout"],
                "tlsSni": health.get("tls-sni", ""),
                "uri": health.get("uri", ""),
            }
        ],
    }


def update(clients: Clients, id_: str, edit: Edit) -> None:
    """Looks twice, then one PUT with the whole service, if anything differs."""
    client = clients.v2(edit.new["zone"])
    balancer = edit.new["nlbId"]
    service = _find(client, balancer, id_)
    if service is None:
        raise CloudError(f'Network Load Balancer Service "{id_}" not found')
    if not edit.keys:
        return
    client.call("get-load-balancer", id=balancer)
    description = edit.new.get("description", "") if edit.touches("description") else service.get("description")
    health = {**service["healthcheck"], **_healthcheck(edit.new)} if edit.touches("healthchecks") else None
    client.run(
        "update-load-balancer-service",
        id=balancer,
        service_id=id_,
        **_settings(edit.new),
        **({} if description is None else {"description": description}),
        healthcheck=health or service["healthcheck"],
    )


def delete(clients: Clients, id_: str, known: Properties) -> None:
    """Looks for the balancer, then one DELETE."""
    client = clients.v2(known["zone"])
    client.call("get-load-balancer", id=known["nlbId"])
    client.run("delete-load-balancer-service", id=known["nlbId"], service_id=id_)


def _find(client: V2, balancer: str, id_: str) -> Document | None:
    services = client.call("get-load-balancer", id=balancer)["services"]
    return next((service for service in services if service["id"] == id_), None)


def _settings(inputs: Properties) -> Document:
    return {
        "name": inputs["name"],
        "port": inputs["port"],
        "target_port": inputs["targetPort"],
        "protocol": inputs["protocol"],
        "strategy": inputs["strategy"],
    }


def _healthcheck(inputs: Properties) -> Document:
    check: dict[str, Any] = inputs["healthchecks"][0]
    body = {key: check[key] for key in ("interval", "mode", "port", "retries", "timeout")}
    if check["mode"].startswith("http"):
        body |= present(tls_sni=check.get("tlsSni")) | {"uri": check.get("uri", "")}
    return body


RESOURCE = Resource(
    type="exoscale:index/nlbService:NlbService",
    inputs={
        "name": Input(),
        "description": Input(),
        "nlbId": Input(required=True, replaces=True),
        "instancePoolId": Input(required=True, replaces=True),
        "port": Input(required=True),
        "targetPort": Input(required=True),
        "protocol": Input(default="tcp"),
        "strategy": Input(default="round-robin"),
        "healthchecks": Input(
            required=True,
            unordered=True,
            elements={"interval": 10, "mode": "tcp", "retries": 1, "timeout": 5},
            block=True,
            terraform="healthcheck",
        ),
        "zone": Input(required=True, replaces=True),
    },
    outputs=("state",),
    create=create,
    read=read,
    update=update,
    delete=delete,
    import_id="<nlbId>/<id>@<zone>",
)
