"""Passwords of instances, which the API reveals for a day."""

from sandbox.api.catalogue import templates
from sandbox.cloud import Cloud
from sandbox.store import Document

KEY = "_password"  # field of an instance; the API shows it only on request
KEPT_SECONDS = 24 * 3600  # OpenAPI, `reveal-instance-password`


def fresh(cloud: Cloud, template_id: str) -> Document:
    """Makes a password in an instance's stored form; nothing if the template has none, or is no longer offered."""
    if not any(one["password-enabled"] for one in templates() if one["id"] == template_id):
        return {}
    return {KEY: {"text": cloud.ids.letters(20), "since": cloud.clock.now()}}


def revealed(cloud: Cloud, instance: Document) -> str:
    """Returns the instance's password; empty if it has none, or if it has expired."""
    kept = instance.get(KEY)
    return str(kept["text"]) if kept and cloud.clock.now() < kept["since"] + KEPT_SECONDS else ""
