"""The policy of an organisation, which limits those of its roles. Here it is fixed and allows everything."""

from sandbox.api.routes import Call, operation
from sandbox.cloud import Cloud
from sandbox.store import Document


@operation("get-iam-organization-policy")
def get(cloud: Cloud, call: Call) -> Document:
    return allowing()


def allowing() -> Document:
    """Returns a policy that forbids nothing."""
    return {"default-service-strategy": "allow", "services": {}}
