"""Refuses or announces what a stack leaves behind on Exoscale when its settings take it to another platform."""

from dataclasses import replace
from typing import Any

import pulumi
from google.protobuf.json_format import MessageToDict
from pulumi.runtime.proto import resource_pb2
from pulumi.runtime.settings import get_monitor

from .cluster_args import ClusterArgs
from .teardown.changes import Chosen
from .teardown.errors import TeardownError
from .teardown.subject import Subject

STACK_ID = "exoscale-teardown:index:StackId"
ADDED = ("stackId", "organizationId", "organizationName")  # which the first releases did not all know


def leave_exoscale(args: ClusterArgs, platform: str) -> None:
    """Says what goes there, as the StackId would that is not in this program any more (docs/adr/0012). Call it before
    the first resource is registered.

    Args:
        args: the cluster as it is to be.
        platform: where it is to be.

    Raises:
        RunError: it must not go, or an `up` could not take it down.
    """
    chosen = replace(args.chosen, platform=platform, nodepools={}, placements={}, version="")
    state = _last_stack_id(f"{pulumi.get_organization()}/{args.project}/{args.stack}")
    if state is None:
        return
    from .teardown import steps  # the Exoscale client takes longer to import than all the rest

    who = [state.get(key) or "" for key in ("project", "stack", "owner", "zone", *ADDED)]
    subject = Subject(*who)
    try:
        # An `up` without a good key would stop when this machine's cluster is made and Exoscale's is half taken down.
        is_preview = pulumi.runtime.is_dry_run()
        account = steps.check_organization(subject) if is_preview else subject.accounts()[subject.zone]
        lines = steps.foresee(subject, account, chosen, Chosen.of(subject.zone, state.get("settings")))
    except TeardownError as error:
        raise pulumi.RunError(str(error)) from None
    for line in lines:
        pulumi.warn(line)


def _last_stack_id(stack: str) -> dict[str, Any] | None:
    """Reads what the state of a stack says about its StackId; None where it is not on Exoscale."""
    request = resource_pb2.ResourceInvokeRequest(tok="pulumi:pulumi:readStackResourceOutputs")
    request.args.update({"stackName": stack})
    # The SDK's own `invoke` would look for each resource that is named in an output, in vain: none is registered yet.
    monitor: Any = get_monitor()
    answer = monitor.Invoke(request)
    resources = MessageToDict(getattr(answer, "return")).get("outputs", {}).values()
    return next((one["outputs"] for one in resources if one["type"].endswith(STACK_ID)), None)
