"""Reads where a Helm chart comes from."""

from components.checks import ANY, Form
from components.ingress import Chart

from .reading import Table

CHART = Form(r"\S(.*\S)?", "a chart's name, folder or oci:// address")


def chart(table: Table, official: Chart) -> Chart | None:
    """Returns the official chart with overrides, None for none. Another chart does not come from the official
    repository."""
    name = table.text("chart", official.name, form=CHART if official.name else ANY)
    same = name == official.name
    repository = table.text("repository", (official.repository if same else None) or "", form=ANY)
    version = table.text("version", (official.version if same else None) or "", form=ANY)
    chosen = Chart(name, repository or None, version or None)
    return None if chosen == official else chosen
