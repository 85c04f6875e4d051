"""Checks and announces what an `up` deletes on Exoscale when the settings move the stack to another platform."""

from dataclasses import replace
from typing import Any

import pulumi
from google.protobuf.json_format import MessageToDict
from pulumi.runtime.proto import resource_pb2
from pulumi.runtime.settings import get_monitor

from .cluster_args import ClusterArgs
from .plugin_script import PROVIDER
from .teardown.changes import Chosen
from .teardown.errors import TeardownError
from .teardown.subject import Subject

STACK_ID = f"{PROVIDER}:index:StackId"
ADDED = ("stackId", "organizationId", "organizationName")  # the first releases did not have all of these


def leave_exoscale(args: ClusterArgs, platform: str) -> None:
    """Announces what the `up` will delete there. The StackId would do so, but this program no longer has one
    (docs/adr/0012). Call it before the first resource is registered.

    Args:
        args: the cluster's new arguments.
        platform: the new platform.

    Raises:
        RunError: the stack is protected, or this `up` could not delete the old cluster.
    """
    chosen = replace(args.chosen, platform=platform, nodepools={}, placements={}, version="")
    state = _last_stack_id(f"{pulumi.get_organization()}/{args.project}/{args.stack}")
    if state is None:
        return
    from .teardown import steps  # the Exoscale client takes longer to import than everything else

    who = [state.get(key) or "" for key in ("project", "stack", "owner", "zone", *ADDED)]
    subject = Subject(*who)
    try:
        # Without a valid key the `up` would stop with the local cluster made and the one on Exoscale half deleted.
        is_preview = pulumi.runtime.is_dry_run()
        account = steps.check_organization(subject) if is_preview else subject.accounts()[subject.zone]
        lines = steps.foresee(subject, account, chosen, Chosen.of(subject.zone, state.get("settings")))
    except TeardownError as error:
        raise pulumi.RunError(str(error)) from None
    for line in lines:
        pulumi.warn(line)


def _last_stack_id(stack: str) -> dict[str, Any] | None:
    """Reads the StackId from the stack's state; None if the stack is not on Exoscale."""
    request = resource_pb2.ResourceInvokeRequest(tok="pulumi:pulumi:readStackResourceOutputs")
    request.args.update({"stackName": stack})
    # The SDK's own `invoke` would look up each resource named in an output, but none is registered yet.
    monitor: Any = get_monitor()
    answer = monitor.Invoke(request)
    resources = MessageToDict(getattr(answer, "return")).get("outputs", {}).values()
    return next((one["outputs"] for one in resources if one["type"].endswith(STACK_ID)), None)
