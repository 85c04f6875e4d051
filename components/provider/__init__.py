"""The Pulumi provider `exoscale-teardown`: the steps of `components.teardown.steps` as resources.

The engine starts `pulumi-resource-exoscale-teardown`, once for all resources of a run, also in a plain
`pulumi destroy`, which runs no program.
"""
