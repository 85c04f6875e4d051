"""Exoscale's request signatures, EXO2-HMAC-SHA256, checked as a server must (docs/exoscale.md, Keys and signatures)."""

import base64
import hashlib
import hmac
from urllib.parse import parse_qs

from sandbox.api.errors import Forbidden
from sandbox.cloud import Cloud
from sandbox.store import Document

SCHEME = "EXO2-HMAC-SHA256"
MAX_LIFE_SECONDS = 3600  # lifetime of a signature; assumed. Clients sign for ten minutes

# The old API's words; the body of the current one is not known. The log says which check failed.
REFUSAL = "unable to verify user credentials and/or request signature"


def authenticate(cloud: Cloud, authorization: str, method: str, path: str, query: str, body: bytes) -> Document:
    """Returns the `api-key` document whose secret signed this request.

    Args:
        authorization: the header's value, empty if there is none.
        method: the HTTP method.
        path: the raw request target before unescaping, including `/v2`, without the query.
        query: the raw query string.
        body: the raw body, empty if there is none.

    Raises:
        Forbidden: the signature is missing, wrong or expired.
    """
    scheme, _, rest = authorization.partition(" ")
    if scheme != SCHEME:
        raise _refused(cloud, "the request is not signed")
    fields = dict(_pair(field) for field in rest.split(","))
    key = cloud.store.get("api-key", fields.get("credential", ""))
    if key is None:
        raise _refused(cloud, "no such API key")
    if has_expired(cloud, key):
        raise _refused(cloud, f"the API key {key['name']} has expired")
    signed = fields.get("signed-query-args", "")
    expires = fields.get("expires", "")
    segments = [
        f"{method} {path}".encode(),
        body,
        _signed_values(cloud, query, signed.split(";") if signed else []),
        b"",  # no client signs headers
        expires.encode(),
    ]
    wanted = base64.b64encode(hmac.digest(key["_secret"].encode(), b"\n".join(segments), hashlib.sha256))
    if not hmac.compare_digest(wanted, fields.get("signature", "").encode()):
        raise _refused(cloud, f"wrong signature for the API key {key['name']}")
    now = cloud.clock.now()
    if not (expires.isascii() and expires.isdigit() and len(expires) < 20) or int(expires) < now:
        raise _refused(cloud, f"the signature of the API key {key['name']} has expired")
    if int(expires) > now + MAX_LIFE_SECONDS:
        raise _refused(cloud, f"the signature of the API key {key['name']} is good for too long")
    return key


def has_expired(cloud: Cloud, key: Document) -> bool:
    """Whether an API key has expired."""
    expires: float | None = key.get("_expires")
    return expires is not None and expires <= cloud.clock.now()


def _pair(field: str) -> tuple[str, str]:
    name, _, value = field.strip().partition("=")
    return name, value


def _signed_values(cloud: Cloud, query: str, names: list[str]) -> bytes:
    """Returns the signed values as in the message: by name, and only of arguments with one value.

    An unsigned argument with one value was added in transit: every client signs those.
    """
    given = {name: values[0] for name, values in parse_qs(query).items() if len(values) == 1}
    if not given.keys() <= set(names):
        raise _refused(cloud, "a query argument is not signed")
    return "".join(given[name] for name in sorted(given)).encode()


def _refused(cloud: Cloud, why: str) -> Forbidden:
    cloud.log.info("refused: %s", why)
    return Forbidden(REFUSAL)
