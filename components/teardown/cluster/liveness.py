"""Finds out whether a control plane is gone. Exoscale's answer is proof; silence is not; anything else means it
lives."""

import warnings
from collections.abc import Callable
from enum import StrEnum

import requests
import urllib3

from ..cloud.account import Account, NotFound
from ..errors import TeardownError
from ..wait import wait_until

_LONGEST_SECONDS = 10.0
# Errors of a connection on which the other side sent nothing before it timed out or was closed.
_SILENCE = ("timed out", "EOF occurred", "Remote end closed connection without response")


class Pulse(StrEnum):
    """The findings about a control plane."""

    UNKNOWN_TO_EXOSCALE = "Exoscale does not know it"
    NEVER_STARTED = "it never came to have an API server"
    SILENT = "nothing answers there"


def prove_gone(account: Account, cluster_id: str, stack: str, patience: float, say: Callable[[str], None]) -> Pulse:
    """Asks Exoscale and the control plane.

    Args:
        account: the zone's API, with a key of the stack's organisation: with any other, a 404 means nothing.
        patience: seconds of silence after which it counts as silent.

    Raises:
        TeardownError: the control plane answers; or something in between does, so it is not known whether it lives.
    """
    told: list[str] = []
    known: Pulse | None = None

    def silent() -> str:
        nonlocal known
        try:
            cluster = account.call(account.get_sks_cluster, id=cluster_id)
        except NotFound:
            known = Pulse.UNKNOWN_TO_EXOSCALE
            return ""
        endpoint = cluster.get("endpoint") or ""
        if not endpoint:
            known = Pulse.NEVER_STARTED
            return ""
        url = endpoint if "://" in endpoint else f"https://{endpoint}"  # a bare host name since 2025
        _refuse_an_answer(url, cluster_id, stack, min(patience, _LONGEST_SECONDS))
        if not told:
            told.append(url)
            say(f"{url} does not answer; trying for {patience:.0f} s")
        return url

    wait_until(silent, patience)
    return known or Pulse.SILENT


def _refuse_an_answer(url: str, cluster_id: str, stack: str, seconds: float) -> None:
    """Returns if there is no answer at all. It sends no credential, so it does not check certificates.

    Raises:
        TeardownError: something answers, whatever the answer is.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", urllib3.exceptions.InsecureRequestWarning)
            # A status line is an answer, even if it redirects to a dead address or its body never ends.
            requests.get(
                f"{url}/version",
                verify=False,  # noqa: S501
                timeout=max(seconds, 0.1),
                allow_redirects=False,
                stream=True,
            ).close()
    except requests.Timeout:
        return
    except requests.RequestException as error:
        said = str(error)
        of_proxy = isinstance(error, requests.exceptions.ProxyError)  # its text may be anything
        if not of_proxy and any(words in said for words in _SILENCE):
            return
        raise TeardownError(
            f"nobody can tell from here whether the control plane of cluster {cluster_id} lives: {_short(said)}. That "
            f"is no proof that it is gone, so nothing was deleted. Next: run this where {url} can be reached, or, if "
            f"it is not wanted any more, delete cluster {cluster_id} in the console"
        ) from None
    raise TeardownError(
        f"the control plane of cluster {cluster_id} answers: there is nothing to rescue. "
        f"Next: `pulumi destroy --stack {stack}`"
    )


def _short(said: str) -> str:
    return said.rpartition("Caused by ")[2].rstrip(")") or said
