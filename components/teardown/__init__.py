"""The steps that make a destroy safe: drain, sweep, audit, rescue. Plain Python on the Exoscale and Kubernetes APIs.

Nothing here imports Pulumi or the sandbox: it has to work when the program does not.
"""
