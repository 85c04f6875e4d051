"""A small Longhorn: volumes that are only objects, for claims of its class.

It works where its definitions are in the cluster and a pod of its manager runs, as the Helm chart of that name installs
them.
"""
