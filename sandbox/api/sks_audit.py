"""Audit logs of SKS clusters: where the API server is to send them. Nothing here sends any."""

from sandbox.api.errors import BadRequest
from sandbox.store import Document

INITIAL_BACKOFF = "10s"  # the OpenAPI document's default
# Goes in and never comes out again. Nobody here uses it, so that it is not kept either.
TOKEN = "bearer-token"  # noqa: S105 - the name of a key


def of_new_cluster(asked: Document) -> Document:
    """A new cluster's audit as the API shows it: asking for it turns it on."""
    return {"initial-backoff": INITIAL_BACKOFF, "enabled": True, **_without_token(asked)}


def of_updated_cluster(before: Document, asked: Document) -> Document:
    """Updates a cluster's audit, empty where it had none: it changes what it names.

    Raises:
        BadRequest: it is to be on, and nobody ever said where the logs go and with which token (words assumed).
    """
    after = {"initial-backoff": INITIAL_BACKOFF, "enabled": False, **before, **_without_token(asked)}
    if after["enabled"] and "endpoint" not in before:
        for key in ("endpoint", TOKEN):
            if key not in asked:
                raise BadRequest(f"audit.{key} is missing, audit cannot be enabled without it")
    return after


def _without_token(asked: Document) -> Document:
    return {key: value for key, value in asked.items() if key != TOKEN}
