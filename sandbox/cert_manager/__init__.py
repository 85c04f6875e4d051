"""A small cert-manager: certificates for Ingresses, signed by themselves.

It works where its definitions are in the cluster and a pod of it runs, as the Helm chart of that name installs them.
"""
