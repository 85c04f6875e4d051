"""Health checks of load balancer services: their settings and their current results."""

from sandbox.api import instance
from sandbox.api.errors import BadRequest
from sandbox.api.security_group_rule import admits_everyone
from sandbox.cloud import Cloud
from sandbox.store import Document

DEFAULTS = {"interval": 10, "timeout": 2}  # seconds; the OpenAPI document names no others


def complete(given: Document) -> Document:
    """Returns the check as the API stores and echoes it; clients compare it with theirs (docs/exoscale.md, Load
    balancers).

    Raises:
        BadRequest: the check is impossible (words assumed).
    """
    for key in ("mode", "port"):
        if key not in given:
            raise BadRequest(f"healthcheck.{key} is missing")
    check = {**DEFAULTS, **given}
    if check["timeout"] > check["interval"]:
        raise BadRequest(
            f"healthcheck.timeout {check['timeout']} must be lower than or equal to interval {check['interval']}"
        )
    if check["mode"] != "tcp" and "uri" not in check:
        raise BadRequest(f"healthcheck.uri is missing, mode {check['mode']} needs it")
    return check


def status(cloud: Cloud, service: Document) -> list[Document]:
    """Returns one entry per pool member with an address."""
    return [
        {
            "public-ip": member["public-ip"],
            "status": "success" if is_healthy(cloud, member, service["healthcheck"]) else "failure",
        }
        for member in instance.members(cloud, service["instance-pool"]["id"])
        if "public-ip" in member  # without an address, there is nothing to check
    ]


def is_healthy(cloud: Cloud, member: Document, check: Document) -> bool:
    """Whether the member runs, allows traffic to the check's port, and something answers there.

    What runs on a machine that is no cluster's node is not simulated: it is taken to answer.
    """
    if member["state"] != "running" or not admits_everyone(cloud, groups_of(member), "tcp", check["port"]):
        return False
    return cloud.traffic.probe(member, check) is not False


def groups_of(member: Document) -> list[str]:
    """Returns the ids of the member's security groups."""
    return [group["id"] for group in member["security-groups"]]
