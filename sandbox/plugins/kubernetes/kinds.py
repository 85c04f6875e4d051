"""The plugin's knowledge of built-in kinds: which have no namespace, and which fields cannot change in place."""

from sandbox.plugins.kubernetes.changes import Path

# Used also while the cluster is unreachable; other kinds are asked of the API server.
CLUSTER_SCOPED = {
    "v1": {"ComponentStatus", "Namespace", "Node", "PersistentVolume"},
    "admissionregistration.k8s.io": {
        "MutatingAdmissionPolicy",
        "MutatingAdmissionPolicyBinding",
        "MutatingWebhookConfiguration",
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding",
        "ValidatingWebhookConfiguration",
    },
    "apiextensions.k8s.io": {"CustomResourceDefinition"},
    "apiregistration.k8s.io": {"APIService"},
    "certificates.k8s.io": {"CertificateSigningRequest", "ClusterTrustBundle"},
    "flowcontrol.apiserver.k8s.io": {"FlowSchema", "PriorityLevelConfiguration"},
    "networking.k8s.io": {"IngressClass", "IPAddress", "ServiceCIDR"},
    "node.k8s.io": {"RuntimeClass"},
    "rbac.authorization.k8s.io": {"ClusterRole", "ClusterRoleBinding"},
    "resource.k8s.io": {"DeviceClass", "ResourceSlice"},
    "scheduling.k8s.io": {"PriorityClass"},
    "storage.k8s.io": {"CSIDriver", "CSINode", "StorageClass", "VolumeAttachment", "VolumeAttributesClass"},
}
_BUILT_IN = {"v1", "apps", "autoscaling", "batch", "policy", "coordination.k8s.io", "discovery.k8s.io", *CLUSTER_SCOPED}

_IDENTITY: list[Path] = [("metadata", "name"), ("metadata", "namespace")]
_SELECTOR: list[Path] = [("spec", "selector")]
_FORCING: dict[tuple[str, str], list[Path]] = {
    ("v1", "ConfigMap"): [("data",), ("binaryData",)],
    ("v1", "Secret"): [("type",), ("data",), ("stringData",)],
    ("v1", "Service"): [("spec", "clusterIP")],
    ("v1", "ResourceQuota"): [("spec", "scopes")],
    ("v1", "PersistentVolume"): [("spec", source) for source in ("csi", "hostPath", "local", "nfs")],
    ("v1", "PersistentVolumeClaim"): [("spec",)],
    ("v1", "Pod"): [("spec",)],  # the plugin spares tolerations and the deadline
    ("apps", "Deployment"): _SELECTOR,
    ("apps", "DaemonSet"): _SELECTOR,
    ("apps", "StatefulSet"): [
        *_SELECTOR,
        ("spec", "podManagementPolicy"),
        ("spec", "revisionHistoryLimit"),
        ("spec", "serviceName"),
        ("spec", "volumeClaimTemplates"),
    ],
    ("batch", "Job"): [*_SELECTOR, ("spec", "completions"), ("spec", "parallelism"), ("spec", "template")],
    ("storage.k8s.io", "StorageClass"): [("parameters",), ("provisioner",)],
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"): [("roleRef",)],
    ("rbac.authorization.k8s.io", "RoleBinding"): [("roleRef",)],
}


def is_namespaced(api_version: str, kind: str) -> bool | None:
    """Whether the kind is namespaced; None if it is not built in, so that only the API server knows."""
    group = _group(api_version)
    return kind not in CLUSTER_SCOPED.get(group, ()) if group in _BUILT_IN else None


def forcing_paths(api_version: str, kind: str, mutable: bool = False) -> list[Path]:
    """Returns the paths whose change replaces the object.

    Args:
        mutable: enableConfigMapMutable or enableSecretMutable, for those kinds.
    """
    return _IDENTITY + ([] if mutable else _FORCING.get((_group(api_version), kind), []))


def _group(api_version: str) -> str:
    return api_version.partition("/")[0]
