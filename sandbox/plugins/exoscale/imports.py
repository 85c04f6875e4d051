"""Parses the ids of imports."""

import re

from sandbox.plugins.exoscale.schema import Resource
from sandbox.plugins.properties import Properties
from sandbox.plugins.provider import ProviderError


def parse(resource: Resource, text: str) -> tuple[str, Properties]:
    """Returns the id, and the properties in the import id (`<nlbId>/<id>@<zone>`).

    Raises:
        ProviderError: the type cannot be imported, or the text has another form.
    """
    if resource.import_id is None:
        raise ProviderError(f"resource {resource.type} doesn't support import")
    pattern = re.sub(r"<(\w+)>", r"(?P<\1>[^/@]+)", resource.import_id)
    found = re.fullmatch(pattern, text)
    if found is None:
        raise ProviderError(f'invalid ID "{text}", expected format "{resource.import_id}"')
    known = found.groupdict()
    return known.pop("id"), dict(known)
