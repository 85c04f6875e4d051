"""The policy for a cluster's volumes and snapshots when it is destroyed."""

import os

from .errors import TeardownError

POLICIES = ("refuse", "delete", "keep")
OVERRIDE = "STORAGE_ON_DESTROY"


def override() -> str | None:
    """Returns the policy that the environment sets for this run; None if it sets none.

    Raises:
        TeardownError: it is not a policy.
    """
    policy = os.environ.get(OVERRIDE) or None
    if policy not in (None, *POLICIES):
        raise TeardownError(f'{OVERRIDE} is "{policy}"; allowed: {", ".join(POLICIES)}')
    return policy
