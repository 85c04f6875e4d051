"""A short-lived admin credential for a cluster. Imports no Kubernetes client: the credential plugin has to be quick."""

import base64

import yaml

from ..cloud.account import Account, Document

# Kubernetes clients get a new certificate before it expires; one step of a Helm release may take some minutes.
CERTIFICATE_SECONDS = 900
USER, GROUP = "pulumi", "system:masters"


def kubeconfig(account: Account, cluster_id: str) -> Document:
    """Returns an admin kubeconfig that is valid for 15 minutes. Exoscale makes it at once.

    Raises:
        NotFound: the cluster is gone.
        TeardownError: any other refusal.
    """
    made = account.call(
        account.generate_sks_cluster_kubeconfig, id=cluster_id, user=USER, groups=[GROUP], ttl=CERTIFICATE_SECONDS
    )
    content: Document = yaml.safe_load(base64.b64decode(made["kubeconfig"]))
    return content
