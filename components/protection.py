"""Stacks that nobody may destroy by mistake."""

import pulumi


def protect_everything() -> None:
    """Marks every resource that is registered from now on as protected: the engine then refuses to delete or replace
    it, and says so before it deletes anything else. Where the call is left out, the next `up` lifts it.

    Components hold nothing that could be lost. Left alone, they are in an `up` that is refused what they were before.
    """
    pulumi.runtime.register_stack_transformation(_protected)


def _protected(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult:
    if not isinstance(args.resource, pulumi.CustomResource):
        return pulumi.ResourceTransformationResult(args.props, args.opts)
    opts = pulumi.ResourceOptions.merge(args.opts, pulumi.ResourceOptions(protect=True))
    return pulumi.ResourceTransformationResult(args.props, opts)
