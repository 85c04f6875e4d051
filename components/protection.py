"""Protects a stack from being destroyed by mistake."""

import pulumi


def protect_everything() -> None:
    """Protects every resource that is registered from now on: the engine refuses to delete or replace it, and says so
    before it deletes anything else. Without this call, the next `up` lifts the protection.

    Components are not protected: they hold nothing that could be lost, and so a refused `up` leaves them as they were.
    """
    pulumi.runtime.register_stack_transformation(_protected)


def _protected(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult:
    if not isinstance(args.resource, pulumi.CustomResource):
        return pulumi.ResourceTransformationResult(args.props, args.opts)
    opts = pulumi.ResourceOptions.merge(args.opts, pulumi.ResourceOptions(protect=True))
    return pulumi.ResourceTransformationResult(args.props, opts)
