"""Exec credential plugin: a short-lived client certificate for whoever reads a kubeconfig that names it."""

import base64
import datetime
import json
import os
from typing import Any

import click
import yaml

from teardown.account import Account, Document, connect
from teardown.options import cluster_option, zone_option

# Kubernetes clients ask for another one before it ends; a Helm release may take some minutes in one go.
SECONDS = 900
USER, GROUP = "pulumi", "system:masters"
_KIND, _VERSION = "ExecCredential", "client.authentication.k8s.io/v1"


@click.command()
@zone_option
@cluster_option
@click.option("--stack", help="The Pulumi stack, whose configuration may hold the API key.")
def credential(zone: str, cluster: str, stack: str | None) -> None:
    """Print an ExecCredential with a client certificate that is good for 15 minutes.

    Kubernetes clients call this; a person wants `kubectl` with the kubeconfig that `pulumi up` wrote.
    """
    ends = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=SECONDS)
    user = kubeconfig(connect(zone, stack), cluster)["users"][0]["user"]
    status = {
        # A little early, so that a request on its way does not arrive too late.
        "expirationTimestamp": (ends - datetime.timedelta(seconds=30)).isoformat(timespec="seconds"),
        "clientCertificateData": _text(user["client-certificate-data"]),
        "clientKeyData": _text(user["client-key-data"]),
    }
    click.echo(json.dumps({"kind": _KIND, "apiVersion": _asked_version(), "status": status}))


def kubeconfig(account: Account, cluster_id: str) -> Document:
    """A kubeconfig that may do everything for a quarter of an hour. Exoscale makes it at once (facts §3).

    Raises:
        NotFound: the cluster is gone.
        TeardownError: any other refusal.
    """
    made = account.call(account.generate_sks_cluster_kubeconfig, id=cluster_id, user=USER, groups=[GROUP], ttl=SECONDS)
    content: Document = yaml.safe_load(base64.b64decode(made["kubeconfig"]))
    return content


def _asked_version() -> str:
    """The version that the calling client speaks; all of them have the same fields."""
    asked: dict[str, Any] = json.loads(os.environ.get("KUBERNETES_EXEC_INFO") or "{}")
    return str(asked.get("apiVersion", _VERSION))


def _text(data: str) -> str:
    return base64.b64decode(data).decode()
