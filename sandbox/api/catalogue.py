"""Exoscale's offer: zones, instance types, templates, Kubernetes versions and limits, all from catalogue.toml."""

import hashlib
import tomllib
import uuid
from functools import cache
from importlib.resources import files
from typing import Any

from sandbox.api.errors import NotFound
from sandbox.api.openapi import official
from sandbox.api.routes import Call, operation
from sandbox.cloud import Cloud
from sandbox.store import Document

_NAMESPACE = uuid.UUID("6b1f6c5e-0d2b-5f3c-9a55-6f0e3a2d7c41")
_MIB = 1024**2
_VARIANTS = ("standard", "nvidia")


def identity(kind: str, name: str) -> str:
    """Returns the id of an item in the offer: the same in every sandbox, so that recorded states stay valid."""
    known = _data()["ids"].get(kind, {})
    return str(known.get(name) or uuid.uuid5(_NAMESPACE, f"{kind}/{name}"))


@operation("list-zones")
def zones(cloud: Cloud, call: Call) -> Document:
    """Returns real endpoints to clients that used a real host name, and loopback addresses to all others."""
    rows = []
    for name in official().zones:
        endpoint = f"https://api-{name}.exoscale.com/v2" if call.through_proxy else f"{call.root}/zone/{name}/v2"
        sos = f"https://sos-{name}.exo.io"
        rows.append({"id": identity("zone", name), "name": name, "api-endpoint": endpoint, "sos-endpoint": sos})
    return {"zones": rows}


@operation("list-instance-types")
def list_instance_types(cloud: Cloud, call: Call) -> Document:
    return {"instance-types": instance_types()}


@operation("get-instance-type")
def get_instance_type(cloud: Cloud, call: Call) -> Document:
    return instance_type(call.path["id"])


@operation("list-templates")
def list_templates(cloud: Cloud, call: Call) -> Document:
    """Lists templates; all are public, because the sandbox cannot register one."""
    family = call.query.get("family")
    private = call.query.get("visibility") == "private"
    rows = [template for template in templates() if not private and family in (None, template["family"])]
    return {"templates": rows}


@operation("get-template")
def get_template(cloud: Cloud, call: Call) -> Document:
    return template(call.path["id"])


@operation("get-active-nodepool-template")
def get_active_nodepool_template(cloud: Cloud, call: Call) -> Document:
    version, variant = call.path["kube-version"], call.path["variant"]
    if version not in sks_cluster_versions(deprecated=True):
        raise NotFound(f"no active template for Kubernetes {version} {variant}")
    return {"active-template": identity("template", _node_image(version, variant))}


@operation("list-sks-cluster-versions")
def list_sks_cluster_versions(cloud: Cloud, call: Call) -> Document:
    return {"sks-cluster-versions": sks_cluster_versions(call.query.get("include-deprecated") == "true")}


def sks_cluster_versions(deprecated: bool = False) -> list[str]:
    """Lists Kubernetes versions for new clusters, newest first."""
    data = _data()
    return [*data["sks-cluster-versions"], *(data["deprecated-sks-cluster-versions"] if deprecated else [])]


@cache
def instance_types() -> list[Document]:
    """Lists every instance type as the API shows it."""
    return [
        {
            "id": identity("instance-type", f"{family}.{size}"),
            "family": family,
            "size": size,
            "cpus": shape["cpus"],
            "memory": shape["memory"] * _MIB,
            "authorized": True,
            "zones": official().zones,
        }
        for family, sizes in _data()["instance-types"].items()
        for size, shape in sizes.items()
    ]


def instance_type(id_: str) -> Document:
    """Returns one of them."""
    return _one("Instance type", instance_types(), id_)


@cache
def templates() -> list[Document]:
    """Lists every template as the API shows it: systems for instances, and the image of each node version."""
    nodes = [
        {"name": _node_image(version, variant), "family": "sks", "version": version, "default-user": "ubuntu"}
        for version in sks_cluster_versions(deprecated=True)
        for variant in _VARIANTS
    ]
    return [
        {
            "id": identity("template", template["name"]),
            **template,
            "description": template["name"],
            "maintainer": "Exoscale",
            "build": "2025-12-01-000000",
            "checksum": hashlib.md5(template["name"].encode(), usedforsecurity=False).hexdigest(),
            "size": 10 * 1024 * _MIB,
            "created-at": "2025-12-01T00:00:00Z",
            "visibility": "public",
            "boot-mode": "legacy",
            "ssh-key-enabled": True,
            "password-enabled": template["family"] != "sks",  # assumed
            "zones": official().zones,
        }
        for template in [*_data()["templates"], *nodes]
    ]


def template(id_: str) -> Document:
    """Returns one of them."""
    return _one("Template", templates(), id_)


def quotas() -> dict[str, Any]:
    """Returns the limit of each quota and the kind that it counts, by name."""
    found: dict[str, Any] = _data()["quotas"]
    return found


@cache
def public_security_groups() -> list[Document]:
    """Lists public security groups, which everybody may name in a rule, as the API shows them."""
    return [
        {"id": identity("security-group", group["name"]), **group, "visibility": "public"}
        for group in _data()["public-security-groups"]
    ]


def public_security_group(reference: Document) -> Document | None:
    """Returns the public group in a reference, by its id, or else by its name."""
    key = "id" if "id" in reference else "name"
    return next((group for group in public_security_groups() if group[key] == reference.get(key)), None)


def _node_image(version: str, variant: str) -> str:
    return f"sks-node-{version}-{variant}"


def _one(kind: str, offered: list[Document], id_: str) -> Document:
    for document in offered:
        if document["id"] == id_:
            return document
    raise NotFound(f"{kind} {id_} not found")


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads(files("sandbox.api").joinpath("catalogue.toml").read_text())
