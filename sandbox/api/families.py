"""The resource families that are simulated. A new family is one module and one line here."""

from importlib import import_module

FAMILIES = (
    "anti_affinity_group",
    "block_storage_snapshot",
    "block_storage_volume",
    "catalogue",
    "instance",
    "instance_pool",
    "load_balancer",
    "load_balancer_service",
    "operation",
    "organization",
    "quota",
    "security_group",
    "security_group_rule",
    "sks_cluster",
    "sks_nodepool",
    "ssh_key",
)


def load() -> None:
    """Imports every family, which registers its handlers and effects."""
    for family in FAMILIES:
        import_module(f"sandbox.api.{family}")
