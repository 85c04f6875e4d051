"""The resource families that are simulated. A new family is one module and one line here."""

from importlib import import_module

FAMILIES = (
    "anti_affinity_group",
    "api_key",
    "block_storage_snapshot",
    "block_storage_volume",
    "catalogue",
    "deploy_target",
    "dns_domain",
    "dns_domain_record",
    "elastic_ip",
    "iam_organization_policy",
    "iam_role",
    "instance",
    "instance_change",
    "instance_pool",
    "instance_pool_change",
    "instance_power",
    "instance_security_group",
    "instance_system",
    "load_balancer",
    "load_balancer_service",
    "operation",
    "organization",
    "private_network",
    "quota",
    "reverse_dns",
    "security_group",
    "security_group_rule",
    "sks_cluster",
    "sks_inspection",
    "sks_karpenter",
    "sks_nodepool",
    "ssh_key",
)


def load() -> None:
    """Imports every family, which registers its handlers and effects."""
    for family in FAMILIES:
        import_module(f"sandbox.api.{family}")
