"""Audit logs of SKS clusters: the address for the API server's logs. Nothing here sends any."""

from sandbox.api.errors import BadRequest
from sandbox.store import Document

INITIAL_BACKOFF = "10s"  # the OpenAPI document's default
# Accepted but never returned. Nothing here uses it, so it is not stored.
TOKEN = "bearer-token"  # noqa: S105 - the name of a key


def of_new_cluster(asked: Document) -> Document:
    """Returns a new cluster's audit as the API shows it: requesting it enables it."""
    return {"initial-backoff": INITIAL_BACKOFF, "enabled": True, **_without_token(asked)}


def of_updated_cluster(before: Document, asked: Document) -> Document:
    """Applies an update to a cluster's audit, which is empty if it had none; changes only the given fields.

    Raises:
        BadRequest: it is enabled without an address and a token for the logs (words assumed).
    """
    after = {"initial-backoff": INITIAL_BACKOFF, "enabled": False, **before, **_without_token(asked)}
    if after["enabled"] and "endpoint" not in before:
        for key in ("endpoint", TOKEN):
            if key not in asked:
                raise BadRequest(f"audit.{key} is missing, audit cannot be enabled without it")
    return after


def _without_token(asked: Document) -> Document:
    return {key: value for key, value in asked.items() if key != TOKEN}
