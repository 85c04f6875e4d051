"""Exec credential plugin: gives a short-lived client certificate to every client of a kubeconfig that names it."""

import base64
import datetime
import json
import os
from typing import Any

import click

from .cloud.account import Organization, connect
from .cluster.kubeconfig import CERTIFICATE_SECONDS, kubeconfig
from .options import cluster_option, organization_option, zone_option

_KIND, _VERSION = "ExecCredential", "client.authentication.k8s.io/v1"


@click.command(short_help="Print a client certificate for 15 minutes.")
@zone_option
@cluster_option
@organization_option
@click.option("--stack", help="The Pulumi stack, whose configuration may hold the API key.")
def credential(zone: str, cluster: str, organization: str, stack: str | None) -> None:
    """Print an ExecCredential with a client certificate that is valid for 15 minutes.

    Kubernetes clients call this; people use `kubectl` with the kubeconfig that `pulumi up` wrote.
    """
    ends = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=CERTIFICATE_SECONDS)
    user = kubeconfig(connect(zone, stack, Organization(organization)), cluster)["users"][0]["user"]
    status = {
        # A little earlier than the certificate, so that no request arrives after it has expired.
        "expirationTimestamp": (ends - datetime.timedelta(seconds=30)).isoformat(timespec="seconds"),
        "clientCertificateData": _text(user["client-certificate-data"]),
        "clientKeyData": _text(user["client-key-data"]),
    }
    click.echo(json.dumps({"kind": _KIND, "apiVersion": _asked_version(), "status": status}))


def _asked_version() -> str:
    """Returns the API version of the calling client; all versions have the same fields."""
    asked: dict[str, Any] = json.loads(os.environ.get("KUBERNETES_EXEC_INFO") or "{}")
    return str(asked.get("apiVersion", _VERSION))


def _text(data: str) -> str:
    return base64.b64decode(data).decode()
