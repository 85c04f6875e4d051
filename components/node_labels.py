"""The labels that a nodepool may give its nodes. Kubernetes reserves some prefixes, and a kubelet that is told to set
such a label does not start (docs/exoscale.md, Nodepools and instances)."""

from .checks import Form

# Stack, owner and a nodepool's labels become labels of Kubernetes nodes (docs/exoscale.md, Nodepools and instances).
LABEL = r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?"
LABEL_VALUE = Form(LABEL, "at most 63 letters, digits or . _ -, with a letter or digit at both ends")
# A stack's name becomes a label of Kubernetes nodes, and Exoscale lower-cases the names of security groups.
STACK = Form(
    rf"(?=[^A-Z]*$){LABEL}",
    "at most 63 letters, digits or . _ -, with a letter or digit at both ends, in lower case",
)
_DNS_LABEL = r"[a-z0-9]([a-z0-9-]*[a-z0-9])?"
LABEL_KEY = Form(
    rf"((?=[^/]{{1,253}}/){_DNS_LABEL}(\.{_DNS_LABEL})*/)?{LABEL}", "a Kubernetes label key, such as team or a.io/team"
)

ALLOWED = ("node.kubernetes.io", "kubelet.kubernetes.io")
_RESERVED = ("kubernetes.io", "k8s.io")
_SET_BY_THE_CLUSTER = ("node.kubernetes.io/instance-type",)


def reserved(key: str) -> bool:
    """Whether no nodepool may set this label: Kubernetes reserves its prefix, or the cluster sets it itself."""
    prefix = key.rpartition("/")[0]
    return key in _SET_BY_THE_CLUSTER or (_within(prefix, _RESERVED) and not _within(prefix, ALLOWED))


def _within(prefix: str, domains: tuple[str, ...]) -> bool:
    return any(prefix == domain or prefix.endswith(f".{domain}") for domain in domains)
