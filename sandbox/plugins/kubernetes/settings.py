"""A provider's own settings, and the check that its cluster can be reached (docs/plugins.md, Unreachable clusters)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.plugins.kubernetes.cluster import Cluster
from sandbox.plugins.kubernetes.connection import ApiError, Unreachable
from sandbox.plugins.kubernetes.kubeconfig import Incomplete, Kubeconfig, Malformed, read, select
from sandbox.plugins.provider import ProviderError, Surroundings

_NO_CLIENT = (
    "unable to load Kubernetes client configuration from kubeconfig file. Make sure you have: \n\n"
    " \t • set up the provider as per https://www.pulumi.com/registry/packages/kubernetes/installation-configuration/"
    " \n\n "
)


@dataclass(frozen=True)
class HelmSettings:
    """helm's folders; empty for its own default, or a private folder for caches."""

    driver: str = "secret"
    plugins: str = ""
    registry_config: str = ""
    repository_config: str = ""
    repository_cache: str = ""


@dataclass(frozen=True)
class Settings:
    """The configuration of one provider instance.

    Attributes:
        cluster: None where it is unreachable, with the reason in `unreachable`.
        kubeconfig: None where there is none to be had.
        namespace: for objects and releases that name none.
    """

    cluster: Cluster | None
    unreachable: str
    kubeconfig: Kubeconfig | None
    namespace: str
    helm: HelmSettings
    surroundings: Surroundings
    delete_unreachable: bool = False
    skip_update_unreachable: bool = False
    upsert_existing: bool = False
    patch_force: bool = False
    config_map_mutable: bool = False
    secret_mutable: bool = False


def load(variables: Mapping[str, str], surroundings: Surroundings) -> Settings:
    """Reads Configure's `variables` (keys `kubernetes:config:<key>`) and probes the cluster.

    Raises:
        ProviderError: a JSON setting does not parse.
    """
    values = {key.removeprefix("kubernetes:config:"): value for key, value in variables.items()}

    def flag(key: str, variable: str) -> bool:
        return values.get(key, surroundings.environment.get(f"PULUMI_K8S_{variable}", "")) == "true"

    _json(values, "kubeClientSettings")
    kubeconfig, reason = _kubeconfig(values, surroundings)
    cluster = None
    if kubeconfig:
        cluster, reason = _connect(kubeconfig, surroundings)
    return Settings(
        cluster,
        reason,
        kubeconfig,
        values.get("namespace") or (kubeconfig.namespace if kubeconfig else "") or "default",
        _helm(_json(values, "helmReleaseSettings"), surroundings.environment),
        surroundings,
        flag("deleteUnreachable", "DELETE_UNREACHABLE"),
        flag("skipUpdateUnreachable", "SKIP_UPDATE_UNREACHABLE"),
        flag("upsertExistingObjects", "UPSERT_EXISTING_OBJECTS"),
        flag("enablePatchForce", "ENABLE_PATCH_FORCE"),
        flag("enableConfigMapMutable", "ENABLE_CONFIGMAP_MUTABLE"),
        flag("enableSecretMutable", "ENABLE_SECRET_MUTABLE"),
    )


def _kubeconfig(values: Mapping[str, str], surroundings: Surroundings) -> tuple[Kubeconfig | None, str]:
    try:
        document = read(values.get("kubeconfig", ""), surroundings)
        return select(document, values.get("context", ""), values.get("cluster", "")), ""
    except (Malformed, OSError) as error:
        return None, f"failed to parse kubeconfig data in `kubernetes:config:kubeconfig`- {error}"
    except Incomplete as error:
        return None, _NO_CLIENT + str(error)


def _connect(kubeconfig: Kubeconfig, surroundings: Surroundings) -> tuple[Cluster | None, str]:
    cluster = Cluster(kubeconfig, surroundings)
    try:
        cluster.probe()
    except (Unreachable, ApiError) as error:
        return None, f"unable to load schema information from the API server: {error}"
    return cluster, ""


def _helm(given: Mapping[str, Any], environment: Mapping[str, str]) -> HelmSettings:
    def setting(key: str, variable: str, default: str = "") -> str:
        return str(given.get(key) or environment.get(f"PULUMI_K8S_HELM_{variable}") or default)

    return HelmSettings(
        setting("driver", "DRIVER", "secret"),
        setting("pluginsPath", "PLUGINS_PATH"),
        setting("registryConfigPath", "REGISTRY_CONFIG_PATH"),
        setting("repositoryConfigPath", "REPOSITORY_CONFIG_PATH"),
        setting("repositoryCache", "REPOSITORY_CACHE"),
    )


def _json(values: Mapping[str, str], key: str) -> dict[str, Any]:
    try:
        parsed: dict[str, Any] = json.loads(values.get(key) or "{}")
    except ValueError as error:
        raise ProviderError(f"failed to unmarshal {key} option: {error}") from error
    return parsed
