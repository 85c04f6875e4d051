"""Closes a cluster that is being destroyed, and reopens it if the destroy is abandoned.

The refusal of load balancers is set up first and removed last, so it is there as long as any other part is.
"""

from . import admission_policy, webhooks
from .api_server import ApiServer, Say


def close(server: ApiServer, claims: bool, patience: float, say: Say) -> list[str]:
    """Refuses new load balancers and, if asked to, volume claims, and disables webhooks that lock the cluster; returns
    when all this is in force.

    Args:
        claims: whether to refuse new volume claims, too.
        patience: seconds for a webhook's Service to get a ready endpoint.
        say: called with what it waits for.

    Returns:
        Lines that have to stay on the screen.
    """
    admission_policy.refuse_load_balancers(server)
    if claims:
        admission_policy.refuse_volume_claims(server)
    lines = webhooks.set_aside(server, patience, say)
    admission_policy.await_refusal(server, claims, say)  # the API server calls webhooks before the policy
    return lines


def is_closed(server: ApiServer) -> bool:
    """Whether anything that `close` set up is still there; one short request."""
    return admission_policy.refuses_load_balancers(server)


def open_again(server: ApiServer, say: Say) -> None:
    """Undoes `close`, and returns when that is in force. Does nothing if the cluster is open."""
    webhooks.give_back(server, say)
    admission_policy.lift(server, say)
