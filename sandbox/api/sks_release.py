"""Kubernetes releases that SKS offers, and the node image of each."""

from sandbox.api.catalogue import get_active_nodepool_template, sks_cluster_versions
from sandbox.api.errors import BadRequest
from sandbox.api.routes import Call
from sandbox.cloud import Cloud
from sandbox.store import Document


def check_version(version: str) -> None:
    """Refuses a version that is not offered.

    Raises:
        BadRequest: the text is the real one (docs/exoscale.md, Refusals).
    """
    available = sks_cluster_versions()
    if version not in available:
        raise BadRequest(f"Invalid Kubernetes version {version}. Available versions are: {', '.join(available)}")


def is_newer(version: str, than: str) -> bool:
    """Whether a version is newer than another."""
    return _numbers(version) > _numbers(than)


def node_template(cloud: Cloud, version: str) -> Document:
    """Returns a reference to the image that nodes of that version boot from."""
    path = {"kube-version": version, "variant": "standard"}
    answer = get_active_nodepool_template(cloud, Call("get-active-nodepool-template", path=path))
    return {"id": answer["active-template"]}


def _numbers(version: str) -> list[int]:
    return [int(part) for part in version.split(".")]
