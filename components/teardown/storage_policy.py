"""Decides what a destroy does with a cluster's volumes and snapshots."""

import os

from .errors import TeardownError

POLICIES = ("refuse", "delete", "keep")
OVERRIDE = "STORAGE_ON_DESTROY"


def override() -> str | None:
    """The policy that the environment sets for this one run; None where it sets none.

    Raises:
        TeardownError: it is no policy.
    """
    policy = os.environ.get(OVERRIDE) or None
    if policy not in (None, *POLICIES):
        raise TeardownError(f'{OVERRIDE} is "{policy}"; allowed: {", ".join(POLICIES)}')
    return policy
