"""Base class of the library's component resources: sets the type, and its aliases from earlier releases."""

import pulumi


class Component(pulumi.ComponentResource):
    """A component of type `exoscale-sks:index:<kind>`.

    Older stacks have the type `exoscale-sks:components:<kind>`, or come from a release in which the parts did not
    belong to a Cluster yet. With the aliases, the engine treats those components and their children as the same.

    Args:
        kind: the last part of the type.
        name: resource name.
        opts: resource options.
    """

    def __init__(self, kind: str, name: str, opts: pulumi.ResourceOptions | None) -> None:
        earlier = f"exoscale-sks:components:{kind}"
        aliases = [pulumi.Alias(type_=earlier)]
        if opts and opts.parent:
            aliases.append(pulumi.Alias(type_=earlier, parent=pulumi.ROOT_STACK_RESOURCE))
        both = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(aliases=aliases))
        super().__init__(f"exoscale-sks:index:{kind}", name, None, both)
