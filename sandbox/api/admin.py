"""The sandbox's own admin API under `/_sandbox`: shows its content, arms faults, resets it and kills parts.

It is on loopback, but scripts of web pages can reach that too, so each call must carry the token.
"""

import hmac
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, fields
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.api.auth import has_expired
from sandbox.api.errors import ApiError, BadRequest, Forbidden, NotFound
from sandbox.api.openapi import official
from sandbox.api.organization import new_key
from sandbox.api.routes import find
from sandbox.cloud import Cloud
from sandbox.faults import Fault
from sandbox.store import DEFAULT_ORGANIZATION, ORGANIZATION, Document

TOKEN_HEADER = "X-Sandbox-Token"  # noqa: S105 - a header's name
PERSON = "sandbox"  # name of the user's API key
EFFECTS = ("status", "lose-reply", "delay", "failure", "kill-ccm", "kill-csi")
PARTS = ("ccm", "csi", "api-server")
NOT_HELD = ("operation", "api-key", "iam-role", ORGANIZATION)  # kinds that are not users' objects
Action = Callable[[Cloud, Request, Any], Any]


def routes(cloud: Cloud, token: str) -> list[Route]:
    """The admin API of one cloud."""

    def route(path: str, method: str, action: Action) -> Route:
        async def endpoint(request: Request) -> Response:
            try:
                if not hmac.compare_digest(request.headers.get(TOKEN_HEADER, "").encode(), token.encode()):
                    raise Forbidden(f"{TOKEN_HEADER} is missing or wrong")
                body = _parsed(await request.body())
                answer = await run_in_threadpool(action, cloud, request, body)
            except ApiError as refusal:
                return JSONResponse(refusal.body(), refusal.status)
            except Exception as error:  # e.g. an API server that cannot be revived
                cloud.log.exception("%s %s", method, path)
                return JSONResponse({"message": f"{type(error).__name__}: {error}"}, 500)
            return JSONResponse(answer)

        return Route(path, endpoint, methods=[method])

    return [
        route("/status", "GET", status),
        route("/addresses", "GET", addresses),
        route("/faults", "POST", arm),
        route("/faults", "DELETE", disarm),
        route("/reset", "POST", reset),
        route("/clusters/{id}/{verb}/{part}", "POST", kill_or_revive),
        route("/keys", "POST", create_key),
        route("/keys/{name}/expire", "POST", expire),
        route("/keys/{name}/restore", "POST", restore),
    ]


def status(cloud: Cloud, request: Request, body: Any) -> Document:
    """Shows the cloud's objects by kind, its clusters, the owners of its keys, the faults and the pace."""
    with cloud.lock:
        cloud.operations.tick()
        names = {item["id"]: item["name"] for item in cloud.store.list(ORGANIZATION)}
        return {
            "pace": cloud.clock.pace,
            "rules": asdict(cloud.rules),
            "clusters": [
                {"id": item["id"], "name": item["name"], "state": item["state"], "zone": item["_zone"]}
                for item in cloud.store.list("sks-cluster")
            ],
            "objects": {
                kind: [{key: item[key] for key in ("id", "name", "state") if key in item} for item in held]
                for kind in sorted(cloud.store.kinds())
                if kind not in NOT_HELD and (held := cloud.store.list(kind))
            },
            "organizations": list(names.values()),
            "keys": [
                {
                    "name": key["name"],
                    "organization": names[key["_organization"]],
                    "expired": has_expired(cloud, key),
                }
                for key in cloud.store.list("api-key")
            ],
            "pending": [item["_operation"] for item in cloud.store.list("operation") if item["state"] == "pending"],
            "faults": {
                "armed": [asdict(fault) for fault in cloud.faults.armed()],
                "fired": [asdict(fault) for fault in cloud.faults.fired],
            },
        }


def addresses(cloud: Cloud, request: Request, body: Any) -> Document:
    """Shows the load balancers' addresses with the port on 127.0.0.1 that stands for each, which is opened by this."""
    return {"addresses": cloud.traffic.addresses()}


def arm(cloud: Cloud, request: Request, body: Any) -> Document:
    """Arms a fault; the body holds the fields of `Fault`."""
    fault = _fault(body)
    cloud.faults.arm(fault)
    return asdict(fault)


def disarm(cloud: Cloud, request: Request, body: Any) -> Document:
    """Disarms all faults."""
    armed = len(cloud.faults.armed())
    cloud.faults.clear()
    return {"disarmed": armed}


def reset(cloud: Cloud, request: Request, body: Any) -> Document:
    """Deletes everything except the default organisation and the user's key in it, which works again if it had
    expired."""
    with cloud.lock:
        deleted = Counter({kind: len(cloud.store.list(kind)) for kind in cloud.store.kinds() if kind != "operation"})
        clusters = [cluster["id"] for cluster in cloud.store.list("sks-cluster")]
        default = cloud.store.of(cloud.store.default_organization)
        persons = [key for key in default.list("api-key") if key["name"] == PERSON]
        cloud.store.clear()
        for key in persons:
            key.pop("_expires", None)
            cloud.store.put("api-key", key)
        cloud.faults.clear()
        cloud.faults.fired.clear()
    cloud.operations.join()  # a control plane that is still being started would outlive its deletion
    for cluster_id in clusters:
        cloud.control_planes.delete(cluster_id)
    deleted["api-key"] -= len(persons)
    deleted[ORGANIZATION] -= 1
    return {"deleted": {kind: count for kind, count in sorted(deleted.items()) if count}}


def kill_or_revive(cloud: Cloud, request: Request, body: Any) -> Document:
    """Kills or revives the CCM, the CSI controller or the API server of a cluster."""
    cluster_id, verb, part = (request.path_params[name] for name in ("id", "verb", "part"))
    if part not in PARTS:
        raise BadRequest(f"part is {part!r}, must be one of {', '.join(PARTS)}")
    acts = {"kill": cloud.control_planes.kill, "revive": cloud.control_planes.revive}
    if verb not in acts:
        raise BadRequest(f"{verb!r} must be one of {', '.join(acts)}")
    find(cloud, "sks-cluster", cluster_id)
    acts[verb](cluster_id, part)
    return {"cluster": cluster_id, "part": part, "done": verb}


def create_key(cloud: Cloud, request: Request, body: Any) -> Document:
    """Makes an API key; the body holds its `name` and, unless it is the default one, its `organization`."""
    wanted = {"organization": DEFAULT_ORGANIZATION, **body} if isinstance(body, dict) else {}
    for field in ("name", "organization"):
        if not isinstance(wanted.get(field), str) or not wanted[field].strip():
            raise BadRequest(f"{field}: {wanted.get(field)!r} must be a name")
    key, secret = new_key(cloud, wanted["name"], wanted["organization"])
    return {"key": key, "secret": secret}


def expire(cloud: Cloud, request: Request, body: Any) -> Document:
    """Makes every key of that name refused from now on."""
    return _change_keys(cloud, request.path_params["name"], {"_expires": cloud.clock.now()})


def restore(cloud: Cloud, request: Request, body: Any) -> Document:
    """Undoes `expire`."""
    return _change_keys(cloud, request.path_params["name"], {"_expires": None})


def _change_keys(cloud: Cloud, name: str, changes: Document) -> Document:
    with cloud.lock:
        keys = [key for key in cloud.store.list("api-key") if key["name"] == name]
        if not keys:
            raise NotFound(f"no API key has the name {name}")
        for key in keys:
            cloud.store.put("api-key", key | changes)
    return {"name": name, "keys": len(keys)}


def _parsed(raw: bytes) -> Any:
    try:
        return json.loads(raw) if raw else {}
    except ValueError as error:
        raise BadRequest(f"the body is not JSON: {error}") from None


def _fault(body: Any) -> Fault:
    """Parses the fault in the body.

    Raises:
        BadRequest: names the field, its value and what is allowed.
    """
    if not isinstance(body, dict):
        raise BadRequest("a fault is a JSON object")
    types = {field.name: field.type for field in fields(Fault)}
    for name, value in body.items():
        if name not in types:
            raise BadRequest(f"{name}: no such field; a fault has {', '.join(types)}")
        allowed = (int, float) if types[name] is float else (types[name],)
        if type(value) not in allowed:
            raise BadRequest(f"{name}: {value!r} is not of type {getattr(types[name], '__name__', types[name])}")
    if missing := [name for name in ("operation", "effect") if name not in body]:
        raise BadRequest(f"{missing[0]}: missing")
    fault = Fault(**body)
    reasons = official().schema("operation")["properties"]["reason"]["enum"]
    _check(fault.operation == "*" or fault.operation in official().operations, fault, "operation", "an operation id")
    _check(fault.effect in EFFECTS, fault, "effect", f"one of {', '.join(EFFECTS)}")
    _check(fault.nth >= 1, fault, "nth", "1 or more")
    _check(fault.times >= 1, fault, "times", "1 or more")
    _check(400 <= fault.status <= 599, fault, "status", "between 400 and 599")
    _check(0 <= fault.seconds <= 3600, fault, "seconds", "between 0 and 3600")
    _check(fault.reason in reasons, fault, "reason", f"one of {', '.join(reasons)}")
    return fault


def _check(holds: bool, fault: Fault, name: str, allowed: str) -> None:
    if not holds:
        raise BadRequest(f"{name}: {getattr(fault, name)!r} must be {allowed}")
