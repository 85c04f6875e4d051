"""Writes event logs as the engine does, of a small stack."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

Event = dict[str, Any]
Inputs = Mapping[str, Any]

CLUSTER = "exoscale:index/sksCluster:SksCluster"
NODEPOOL = "exoscale:index/sksNodepool:SksNodepool"
BALANCER = "exoscale:index/nlb:Nlb"
GROUP = "exoscale:index/securityGroup:SecurityGroup"
RELEASE = "kubernetes:helm.sh/v3:Release"
STACK_ID = "exoscale-teardown:index:StackId"
DRAIN = "exoscale-teardown:index:Drain"
COMPONENT = "exoscale-sks:index:Cluster"
SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "[secret]"}

SETTINGS = {"level": "starter", "onDestroy": "refuse", "loadBalancer": "managed"}
ID: Inputs = {"stack": "dev", "zone": "ch-gva-2", "settings": SETTINGS}
STARTER: Inputs = {"name": "dev", "zone": "ch-gva-2", "serviceLevel": "starter", "cni": "calico"}
POOL: Inputs = {"name": "default", "size": 2, "instanceType": "standard.small", "diskSize": 20, "labels": {"a": "b"}}
NLB: Inputs = {"name": "ingress", "zone": "ch-gva-2", "__defaults": []}
CHART: Inputs = {"chart": "nginx-ingress", "values": {"controller": {"kind": "deployment"}}}


def step(
    op: str,
    type_: str,
    name: str,
    old: Inputs | None = None,
    new: Inputs | None = None,
    keys: Iterable[str] = (),
    protect: bool = False,
    stack: str = "dev",
) -> Event:
    """One step; what is protected is so before it."""
    urn = f"urn:pulumi:{stack}::exoscale-sks::{COMPONENT}${type_}::{name}"

    def state(inputs: Inputs | None, protected: bool) -> Event | None:
        if inputs is None:
            return None
        custom = type_ != COMPONENT
        return {"type": type_, "urn": urn, "custom": custom, "protect": protected, "inputs": dict(inputs)}

    metadata = {"op": op, "urn": urn, "type": type_, "old": state(old, protect), "new": state(new, False)}
    return {"resourcePreEvent": {"metadata": {**metadata, "keys": [*keys]}, "planning": True}}


def same(type_: str, name: str, inputs: Inputs) -> Event:
    """A resource that stays as it is."""
    return step("same", type_, name, inputs, inputs)


def replaced(type_: str, name: str, old: Inputs, new: Inputs, *keys: str) -> list[Event]:
    """The steps of a replacement, its deletion aside."""
    return [step(op, type_, name, old, new, keys) for op in ("create-replacement", "replace")]


def error(message: str) -> Event:
    """A message of the engine, with its colours."""
    prefix = "<{%fg 1%}>error: <{%reset%}>"
    return {"diagnosticEvent": {"prefix": prefix, "message": message, "color": "raw", "severity": "error"}}


def warning(message: str) -> Event:
    """A message of a provider of ours, such as one that announces a loss."""
    return {"diagnosticEvent": {"prefix": "warning: ", "message": message, "color": "raw", "severity": "warning"}}


def ended(result: str = "succeeded") -> Event:
    """The engine's last event but one."""
    return {"summaryEvent": {"resourceChanges": {}, "isPreview": True, "result": result}}


def log(*events: Event) -> str:
    """The lines of the file."""
    prelude = {"preludeEvent": {"config": {}}}
    every = [prelude, *events, {"cancelEvent": {}}]
    return "".join(json.dumps({"sequence": number, "timestamp": 0, **one}) + "\n" for number, one in enumerate(every))
