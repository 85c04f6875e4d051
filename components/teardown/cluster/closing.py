"""Closes a cluster that is being destroyed to new load balancers, and opens it again when it lives on.

The refusal of load balancers is put up first and taken back last: while anything of it stands, that stands.
"""

from . import admission_policy, webhooks
from .api_server import ApiServer, Say


def close(server: ApiServer, claims: bool, patience: float, say: Say) -> list[str]:
    """Refuses new load balancers and, if told to, volume claims, and sets webhooks aside that lock the cluster; returns
    when that is in force.

    Args:
        claims: whether to refuse new volume claims, too.
        patience: seconds for a webhook's Service to get a ready endpoint.
        say: told what is being waited for.

    Returns:
        Lines that have to stay on the screen.
    """
    admission_policy.refuse_load_balancers(server)
    if claims:
        admission_policy.refuse_volume_claims(server)
    lines = webhooks.set_aside(server, patience, say)
    admission_policy.await_refusal(server, claims, say)  # a webhook that nobody answers comes before the policy
    return lines


def is_closed(server: ApiServer) -> bool:
    """Whether anything that `close` put up still stands; one short request."""
    return admission_policy.refuses_load_balancers(server)


def open_again(server: ApiServer, say: Say) -> None:
    """Takes back all that `close` put up, and returns when that is in force; nothing has to be there."""
    webhooks.give_back(server, say)
    admission_policy.lift(server, say)
