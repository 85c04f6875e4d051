"""`exoscale.SksKubeconfig`: credentials that the plugin stores in the state and never reads again."""

import base64
import binascii
from datetime import UTC, datetime, timedelta

import yaml
from cryptography import x509

from sandbox.plugins.exoscale.clients import Clients
from sandbox.plugins.exoscale.errors import CloudError
from sandbox.plugins.exoscale.schema import Created, Edit, Input, Resource
from sandbox.plugins.properties import Properties, plain


def create(clients: Clients, inputs: Properties) -> Created:
    """Finds the cluster, then makes a kubeconfig, synchronously. The id consists of the serial numbers."""
    client = clients.v2(inputs["zone"])
    cluster = client.call("get-sks-cluster", id=inputs["clusterId"])
    # The old client dies of a pool without one of these (docs/plugins.md, Exoscale calls).
    for pool in cluster.get("nodepools", []):
        _ = pool["instance-pool"]["id"], pool["instance-type"]["id"], pool["template"]["id"]
    answer = client.call(
        "generate-sks-cluster-kubeconfig",
        id=inputs["clusterId"],
        user=inputs["user"],
        groups=inputs["groups"],
        ttl=int(inputs["ttlSeconds"]),
    )
    kubeconfig = base64.b64decode(answer["kubeconfig"]).decode()
    try:
        serials = [str(certificate.serial_number) for certificate in certificates(kubeconfig)]
    except CloudError as error:
        raise CloudError(f"error generating kubeconfig ID: {error}") from None
    return ":".join(serials), {"kubeconfig": kubeconfig, "readyForRenewal": False}


def read(clients: Clients, id_: str, known: Properties) -> Properties | None:
    """Asks nothing: it does not notice that a cluster is gone."""
    return {}


def update(clients: Clients, id_: str, edit: Edit) -> None:
    """Changes only the state."""


def delete(clients: Clients, id_: str, known: Properties) -> None:
    """Does nothing: a certificate cannot be revoked."""


def renewal(outputs: Properties, inputs: Properties) -> str | None:
    """Whether a certificate in the stored kubeconfig has expired, or will within `earlyRenewalSeconds`."""
    kubeconfig = plain(outputs.get("kubeconfig"))
    early = inputs.get("earlyRenewalSeconds")
    limit = datetime.now(UTC) + timedelta(seconds=early if isinstance(early, int | float) else 0)
    over = not kubeconfig or any(one.not_valid_after_utc <= limit for one in certificates(kubeconfig))
    return "readyForRenewal" if over else None


def certificates(kubeconfig: str) -> list[x509.Certificate]:
    """Returns the clusters' authorities, then the users' certificates.

    Raises:
        CloudError: it is not a kubeconfig, or what it holds is no certificate.
    """
    try:
        content = yaml.safe_load(kubeconfig)
        encoded = [entry["cluster"]["certificate-authority-data"] for entry in content["clusters"]]
        encoded += [entry["user"]["client-certificate-data"] for entry in content["users"]]
    except (yaml.YAMLError, TypeError, KeyError) as error:
        raise CloudError(f"error decoding kubeconfig certificates: {error}") from None
    try:
        return [x509.load_pem_x509_certificate(base64.b64decode(text, validate=True)) for text in encoded]
    except (binascii.Error, ValueError) as error:
        raise CloudError(f"error decoding kubeconfig content: {error}") from None


RESOURCE = Resource(
    type="exoscale:index/sksKubeconfig:SksKubeconfig",
    inputs={
        "clusterId": Input(required=True, replaces=True),
        "user": Input(required=True, replaces=True),
        "groups": Input(required=True, replaces=True, unordered=True),
        "zone": Input(required=True, replaces=True),
        "ttlSeconds": Input(default=2592000, replaces=True),
        "earlyRenewalSeconds": Input(default=0),
    },
    outputs=("kubeconfig", "readyForRenewal"),
    create=create,
    read=read,
    update=update,
    delete=delete,
    foretold={"readyForRenewal": True},
    renewal=renewal,
    secrets=frozenset({"kubeconfig"}),
)
