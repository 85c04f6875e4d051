"""Deploy targets: hardware that Exoscale reserves for one organisation. Nobody has any here."""

from sandbox.api.routes import Call, find, operation
from sandbox.cloud import Cloud
from sandbox.store import Document, public

KIND = "deploy-target"


@operation("list-deploy-targets")
def list_(cloud: Cloud, call: Call) -> Document:
    return {"deploy-targets": [public(target) for target in cloud.store.list(KIND, call.zone)]}


@operation("get-deploy-target")
def get(cloud: Cloud, call: Call) -> Document:
    return public(find(cloud, KIND, call.path["id"], call.zone))
