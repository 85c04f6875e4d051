"""The definitions (CRDs) of the Gateway API, which neither the cluster nor the controller's chart comes with."""

from pathlib import Path
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes
import requests
import yaml

from ..release import within
from .host import IngressHost

# The release that the README of the pinned chart of Traefik names; the two move together.
STANDARD = "https://github.com/kubernetes-sigs/gateway-api/releases/download/v1.5.1/standard-install.yaml"

_SECONDS = 30
_DEFINITION = "CustomResourceDefinition"


def documents(source: str) -> list[dict[str, Any]]:
    """Reads the objects of a YAML file.

    Args:
        source: an address that begins with `https://` or `http://`, or a path.

    Raises:
        RunError: it cannot be read, or holds no definition.
    """
    try:
        text = _download(source) if source.startswith(("https://", "http://")) else Path(source).read_text()
        found = [one for one in yaml.safe_load_all(text) if one]
    except (requests.RequestException, OSError, yaml.YAMLError) as error:
        raise pulumi.RunError(f"the Gateway API's definitions cannot be read from {source}: {error}") from None
    if not any(isinstance(one, dict) and one.get("kind") == _DEFINITION for one in found):
        raise pulumi.RunError(f"{source} holds no {_DEFINITION}; allowed: a standard-install.yaml of the Gateway API")
    return found


def install(
    name: str,
    source: str,
    cluster: IngressHost,
    opts: pulumi.ResourceOptions,
) -> list[pulumi.Resource]:
    """Makes the objects of a YAML file in a cluster; returns them.

    Args:
        name: what their resource names begin with.
        source: see `documents`.
        cluster: the cluster. When a destroy of the whole stack deletes its foundations, the objects only go from the
            state: to delete a definition takes every object of it, which one with a finalizer can hold up for ever.
        opts: options of each.
    """
    outlived = pulumi.ResourceOptions(
        replace_on_changes=["metadata"],
        delete_before_replace=True,
        deleted_with=cluster.foundations[0] if cluster.foundations else None,
    )

    def made(document: dict[str, Any]) -> pulumi.Resource:
        called = document["metadata"]["name"]
        annotations = dict(document["metadata"].get("annotations") or {})
        if document["kind"] == _DEFINITION:
            annotations["pulumi.com/waitFor"] = "condition=Established"  # Helm needs it to be served
        return kubernetes.apiextensions.CustomResource(
            f"{name}-{called}",
            api_version=document["apiVersion"],
            kind=document["kind"],
            metadata={
                **document["metadata"],
                "name": within(cluster, called),
                "annotations": annotations,
            },
            spec=document["spec"],
            opts=pulumi.ResourceOptions.merge(opts, outlived),
        )

    return [made(document) for document in documents(source)]


def _download(address: str) -> str:
    answer = requests.get(address, timeout=_SECONDS)
    answer.raise_for_status()
    return answer.text
