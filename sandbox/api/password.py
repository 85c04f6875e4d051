"""Passwords of instances, which the API reveals for a day."""

from sandbox.api.catalogue import templates
from sandbox.cloud import Cloud
from sandbox.store import Document

KEY = "_password"  # of an instance; the wire shows it when it is asked to
KEPT_SECONDS = 24 * 3600  # OpenAPI, `reveal-instance-password`


def fresh(cloud: Cloud, template_id: str) -> Document:
    """A new password, as an instance keeps it; nothing where the template has none, or is not on offer any more."""
    if not any(one["password-enabled"] for one in templates() if one["id"] == template_id):
        return {}
    return {KEY: {"text": cloud.ids.letters(20), "since": cloud.clock.now()}}


def revealed(cloud: Cloud, instance: Document) -> str:
    """The instance's password; empty where it has none, or none any more."""
    kept = instance.get(KEY)
    return str(kept["text"]) if kept and cloud.clock.now() < kept["since"] + KEPT_SECONDS else ""
