"""The base of every component resource: its type, and the types that it had in earlier releases."""

import pulumi


class Component(pulumi.ComponentResource):
    """A component of type `exoscale-sks:index:<kind>`.

    Living stacks were made when the type was `exoscale-sks:components:<kind>`, and before there was a Cluster that the
    parts belong to. The engine takes those for the same resource, and what is in them too.

    Args:
        kind: the last part of the type.
        name: of the resource.
        opts: of the resource.
    """

    def __init__(self, kind: str, name: str, opts: pulumi.ResourceOptions | None) -> None:
        earlier = f"exoscale-sks:components:{kind}"
        aliases = [pulumi.Alias(type_=earlier)]
        if opts and opts.parent:
            aliases.append(pulumi.Alias(type_=earlier, parent=pulumi.ROOT_STACK_RESOURCE))
        both = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(aliases=aliases))
        super().__init__(f"exoscale-sks:index:{kind}", name, None, both)
