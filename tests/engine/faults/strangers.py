"""Things in the account that are no stack's, though they look like it: a destroy must leave them alone."""

from uuid import uuid4

from tests.engine.faults.account import Account

# A stack that has the same name in somebody else's backend.
SAME_NAME = {"project": "exoscale-sks", "stack": "blue", "owner": "sandbox", "stack-id": "0123456789ab"}


def make_strangers(account: Account) -> None:
    """Makes what somebody without Pulumi would have: unlabelled, or with names that begin like a stack's."""
    client = account.client
    started = [
        client.create_load_balancer(name=f"k8s-{uuid4()}"),
        client.create_load_balancer(name="exoscale-sks-blue-ingress-2", description="of somebody else"),
        client.create_load_balancer(name="blue", labels=SAME_NAME),
        client.create_security_group(name="exoscale-sks-blue-nodes-2", description="of somebody else"),
        client.create_anti_affinity_group(name="exoscale-sks-blue-default-2", description="of somebody else"),
        client.create_block_storage_volume(name=f"pvc-{uuid4()}", size=10),
    ]
    for operation in started:
        client.wait(operation["id"])
