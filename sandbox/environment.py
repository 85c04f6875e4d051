"""The variables that make unmodified clients use the sandbox: the real plugins, exo, Terraform, the real CCM.

`sandbox.shell` sets them in a shell and restores the earlier values.
"""

import ssl
from collections.abc import Mapping, MutableMapping
from pathlib import Path

from sandbox.files import write_private

DEFAULT_ZONE = "ch-gva-2"
_LOOPBACK = "127.0.0.1,localhost,::1"

# Names that would override ours in some client: other names for credentials and endpoints, because a real key must
# not be sent anywhere, not even to the sandbox; and names that give Pulumi another passphrase, stack or login. A shell
# unsets these; processes that we start ourselves get none of whole families, see `is_foreign`.
FOREIGN = (
    "EXOSCALE_KEY",
    "EXOSCALE_SECRET",
    "EXOSCALE_SECRET_KEY",
    "EXOSCALE_API_ENVIRONMENT",
    "EXOSCALE_API_ZONE",
    "EXOSCALE_COMPUTE_ENDPOINT",
    "CLOUDSTACK_KEY",
    "CLOUDSTACK_API_KEY",
    "CLOUDSTACK_SECRET",
    "CLOUDSTACK_SECRET_KEY",
    "CLOUDSTACK_ENDPOINT",
    "ALL_PROXY",
    "all_proxy",
    "PULUMI_ACCESS_TOKEN",
    "PULUMI_CONFIG_PASSPHRASE",  # overrides PULUMI_CONFIG_PASSPHRASE_FILE
    "PULUMI_CREDENTIALS_PATH",
    "PULUMI_STACK",
)

_CREDENTIALS = ("EXOSCALE_", "CLOUDSTACK_")
# Pulumi reads options from variables, too, and Helm and kubectl their cluster.
_FAMILIES = (*_CREDENTIALS, "PULUMI_", "HELM_KUBE")
_STEERING = (*FOREIGN, "HELM_DRIVER", "HELM_NAMESPACE", "KUBECONFIG", "KUBERNETES_MASTER")
_OURS = "EXOSCALE_SKS_"  # where the pinned tools are kept


def is_foreign(name: str) -> bool:
    """Whether a variable of this name belongs to the user's other clouds, backends or clusters."""
    return name in _STEERING or (name.startswith(_FAMILIES) and not name.startswith(_OURS))


def forget_foreign(environment: MutableMapping[str, str], family: str = "") -> None:
    """Removes foreign variables from an environment, such as `os.environ`.

    Args:
        family: prefix of the names to remove.
    """
    for name in [name for name in environment if name.startswith(family) and is_foreign(name)]:
        del environment[name]


def variables(
    url: str, proxy_url: str, key: str, secret: str, ca_bundle: Path, zone: str = DEFAULT_ZONE
) -> dict[str, str]:
    """Returns the variables that a client needs.

    Args:
        url: root of the sandbox's API. Half of the clients use it; the others know only real host names and use
            the proxy.
        proxy_url: the CONNECT proxy.
        key: the user's API key.
        secret: its secret.
        ca_bundle: see `write_ca_bundle`.
        zone: default zone for clients.
    """
    bundle = str(ca_bundle)
    return {
        "EXOSCALE_API_KEY": key,
        "EXOSCALE_API_SECRET": secret,
        "EXOSCALE_API_ENDPOINT": f"{url}/v2",
        "EXOSCALE_ZONE": zone,
        "HTTPS_PROXY": proxy_url,
        "https_proxy": proxy_url,
        "NO_PROXY": _LOOPBACK,
        "no_proxy": _LOOPBACK,
        "SSL_CERT_FILE": bundle,
        "REQUESTS_CA_BUNDLE": bundle,
        "CURL_CA_BUNDLE": bundle,
    }


def entered(environment: Mapping[str, str], values: Mapping[str, str]) -> dict[str, str]:
    """Returns an environment with these variables and without foreign ones."""
    return {name: value for name, value in environment.items() if not is_foreign(name)} | dict(values)


def without_credentials(values: Mapping[str, str]) -> dict[str, str]:
    """Returns an environment without Exoscale keys and proxies, for the sandbox's own processes."""
    return {
        name: value
        for name, value in values.items()
        if not (name.startswith(_CREDENTIALS) and is_foreign(name)) and not name.lower().endswith("_proxy")
    }


def write_ca_bundle(file: Path, authority: Path) -> None:
    """Writes a bundle of the sandbox's authority and those that this machine already trusts.

    Args:
        file: the bundle. `SSL_CERT_FILE` may name it, as in a shell that uses the sandbox.
        authority: the sandbox's certificate.
    """
    import certifi  # imported late: see sandbox/stop.py

    own = authority.read_text()
    trusted = Path(ssl.get_default_verify_paths().cafile or certifi.where()).read_text()
    write_private(file, own + trusted.replace(own, ""))
