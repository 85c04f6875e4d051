"""Operations, which a client polls after every change."""

from sandbox.api.routes import Call, find, operation
from sandbox.cloud import Cloud
from sandbox.store import Document, public


@operation("get-operation")
def get(cloud: Cloud, call: Call) -> Document:
    return public(find(cloud, "operation", call.path["id"]))
