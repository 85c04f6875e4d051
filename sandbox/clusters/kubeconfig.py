"""Kubeconfig files as the SKS API makes them."""

import base64
from typing import Any

import yaml


def kubeconfig(
    server: str,
    authority: str,
    cluster: str = "",
    user: str = "",
    pair: tuple[str, str] | None = None,
    proxy_url: str | None = None,
) -> str:
    """Returns a kubeconfig, as YAML, with everything embedded, so that it works from any folder.

    Args:
        server: address of the API server.
        authority: PEM of the certificate that signed the API server's.
        cluster: name of the cluster entry.
        user: name of the user entry.
        pair: the client's certificate and key as PEM; None leaves out the user and the context.
        proxy_url: proxy for kubectl; None connects directly.
    """
    endpoint = {"certificate-authority-data": _base64(authority), "server": server}
    if proxy_url:
        endpoint["proxy-url"] = proxy_url
    document: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": cluster, "cluster": endpoint}],
    }
    if pair:
        context = f"{user}@{cluster}"
        credential = {"client-certificate-data": _base64(pair[0]), "client-key-data": _base64(pair[1])}
        document |= {
            "users": [{"name": user, "user": credential}],
            "contexts": [{"name": context, "context": {"cluster": cluster, "user": user}}],
            "current-context": context,
        }
    return yaml.safe_dump(document, sort_keys=False)


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
