"""Whether a control plane is gone: Exoscale says so, or a long silence does. Any answer at all means that it lives."""

import time
import warnings
from collections.abc import Callable

import requests
import urllib3

from teardown.account import Account, NotFound
from teardown.errors import TeardownError

_CONNECT_AND_READ_SECONDS = (5, 10)
_PAUSE_SECONDS = 1.0
# What a proxy on the way says when it lives itself and gets no answer.
_PROXY_SAYS = ("Tunnel connection failed: 502", "Tunnel connection failed: 503", "Tunnel connection failed: 504")


def deleted(account: Account, cluster_id: str, stack: str, patience: float, say: Callable[[str], None]) -> bool:
    """Proves that a control plane is gone.

    Args:
        patience: seconds of silence that count as proof.

    Returns:
        Whether Exoscale does not know the cluster any more; else it knows it, and nobody answers there.

    Raises:
        TeardownError: the control plane answers, or it cannot be told whether it does.
    """
    deadline, said = time.monotonic() + patience, False
    while True:
        try:
            cluster = account.call(account.get_sks_cluster, id=cluster_id)
        except NotFound:
            return True
        if not (endpoint := cluster.get("endpoint")):
            return False  # it never came to have a control plane
        if _answers(endpoint):
            raise TeardownError(
                f"the control plane of cluster {cluster_id} answers: there is nothing to rescue. "
                f"Next: `pulumi destroy --stack {stack}`"
            )
        if time.monotonic() > deadline:
            return False
        if not said:
            say(f"{endpoint} does not answer; trying for {patience:.0f} s before that counts as gone")
            said = True
        time.sleep(_PAUSE_SECONDS)


def _answers(endpoint: str) -> bool:
    """Whether anything speaks HTTP there, whatever it says. No credential is sent, so nobody's certificate matters."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", urllib3.exceptions.InsecureRequestWarning)
            requests.get(f"{endpoint}/version", verify=False, timeout=_CONNECT_AND_READ_SECONDS)  # noqa: S501
    except requests.exceptions.ProxyError as error:
        if not any(words in str(error) for words in _PROXY_SAYS):
            raise TeardownError(f"{endpoint} cannot be asked, for the proxy on the way refuses: {error}") from None
        return False
    except (requests.ConnectionError, requests.Timeout):
        return False
    return True
