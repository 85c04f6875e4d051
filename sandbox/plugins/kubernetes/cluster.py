"""The plugin's view of one Kubernetes cluster: its kinds, and the verbs on its objects."""

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.plugins.kubernetes.connection import UNAUTHORIZED, ApiError, Connection
from sandbox.plugins.kubernetes.kubeconfig import Kubeconfig
from sandbox.plugins.provider import Surroundings

Object = dict[str, Any]

_OPENAPI = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"
_APPLY_PATCH = "application/apply-patch+yaml"  # JSON is YAML
_JSON_PATCH = "application/json-patch+json"


class NoMatch(Exception):
    """The API server does not know the kind."""

    def __init__(self, api_version: str, kind: str) -> None:
        super().__init__(f'no matches for kind "{kind}" in version "{api_version}"')


@dataclass(frozen=True)
class Reference:
    """Names one object; `namespace` is empty for cluster-scoped kinds."""

    api_version: str
    kind: str
    namespace: str
    name: str

    @property
    def id(self) -> str:
        """`namespace/name`, or the name alone: the plugin's resource id."""
        return f"{self.namespace}/{self.name}" if self.namespace else self.name


@dataclass(frozen=True)
class _Kind:
    plural: str
    namespaced: bool


class Cluster:
    """Discovers kinds and carries out the verbs. Every method may raise Unreachable, ApiError and NoMatch.

    Args:
        surroundings: of the plugin, see `Connection`.
    """

    def __init__(self, kubeconfig: Kubeconfig, surroundings: Surroundings) -> None:
        self._connection = Connection(kubeconfig, surroundings)
        self._lock = threading.Lock()
        self._groups: dict[str, dict[str, _Kind]] = {}

    def user(self, seconds: float) -> Object:
        """The kubeconfig's user for another client that runs so long."""
        return self._connection.credentials.entry(seconds)

    def probe(self) -> None:
        """Fetches the OpenAPI schema, by which the plugin decides whether the cluster is reachable.

        Raises:
            ApiError, Unreachable: it is not.
        """
        try:
            self._connection.request("GET", "/openapi/v2", {"timeout": "32s"}, accept=_OPENAPI)
        except ApiError as error:
            if error.status == 401:
                raise ApiError(401, "Unauthorized", UNAUTHORIZED) from error
            raise

    def serves(self, api_version: str, kind: str) -> bool:
        """Whether the API server knows the kind now."""
        try:
            self._kind(api_version, kind)
        except NoMatch:
            return False
        return True

    def is_namespaced(self, api_version: str, kind: str) -> bool:
        """Whether objects of the kind live in namespaces."""
        return self._kind(api_version, kind).namespaced

    def get(self, reference: Reference) -> Object:
        """The live object."""
        return self._call("GET", self._path(reference))

    def find(self, reference: Reference) -> Object | None:
        """Returns the live object; None if there is none."""
        try:
            return self.get(reference)
        except ApiError as error:
            if error.status == 404:
                return None
            raise

    def objects(self, api_version: str, kind: str, namespace: str = "", labels: str = "") -> list[Object]:
        """The objects of a kind.

        Args:
            labels: a label selector; empty takes all.
        """
        path = self._path(Reference(api_version, kind, namespace, ""))
        items: list[Object] = self._call("GET", path, {"labelSelector": labels} if labels else None)["items"]
        return items

    def create(self, body: Object, manager: str, dry_run: bool = False) -> Object:
        """Posts a new object."""
        query = _query(manager, dry_run) | {"fieldValidation": "Warn"}
        return self._call("POST", self._path(reference_of(body), collection=True), query, body)

    def apply(self, body: Object, manager: str, force: bool, dry_run: bool = False) -> Object:
        """Applies an object on the server's side.

        Args:
            force: take over the fields of other managers instead of failing with a conflict.
        """
        query = _query(manager, dry_run) | {"fieldValidation": "Warn", "force": str(force).lower()}
        return self._call("PATCH", self._path(reference_of(body)), query, body, _APPLY_PATCH)

    def set_managed_fields(self, reference: Reference, live: Object, managed: list[Object]) -> Object:
        """Rewrites who manages which field, unless the object changed since it was read."""
        metadata = live["metadata"]
        patch = [
            {"op": "replace", "path": "/metadata/managedFields", "value": managed},
            {"op": "replace", "path": "/metadata/resourceVersion", "value": metadata["resourceVersion"]},
        ]
        return self._call("PATCH", self._path(reference), None, patch, _JSON_PATCH)

    def delete(self, reference: Reference, propagation: str) -> None:
        """Starts a deletion.

        Args:
            propagation: `Foreground`, `Background` or `Orphan`.
        """
        self._call("DELETE", self._path(reference), None, {"propagationPolicy": propagation})

    def _call(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        content_type: str = "application/json",
    ) -> Object:
        answer: Object = json.loads(self._connection.request(method, path, query, body, content_type))
        return answer

    def _path(self, reference: Reference, collection: bool = False) -> str:
        kind = self._kind(reference.api_version, reference.kind)
        path = _group_path(reference.api_version)
        if kind.namespaced and reference.namespace:
            path += f"/namespaces/{reference.namespace}"
        path += f"/{kind.plural}"
        return path if collection or not reference.name else f"{path}/{reference.name}"

    def _kind(self, api_version: str, kind: str) -> _Kind:
        with self._lock:
            known = self._groups.get(api_version, {}).get(kind)
        if known:
            return known
        try:
            listed = self._call("GET", _group_path(api_version))["resources"]
        except ApiError as error:
            if error.status == 404:
                raise NoMatch(api_version, kind) from error
            raise
        kinds = {
            entry["kind"]: _Kind(entry["name"], entry["namespaced"]) for entry in listed if "/" not in entry["name"]
        }
        with self._lock:
            self._groups[api_version] = kinds
        if kind not in kinds:
            raise NoMatch(api_version, kind)
        return kinds[kind]


def reference_of(body: Object) -> Reference:
    """The reference of an object's manifest."""
    metadata = body.get("metadata") or {}
    return Reference(body["apiVersion"], body["kind"], metadata.get("namespace", ""), metadata.get("name", ""))


def _group_path(api_version: str) -> str:
    return f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"


def _query(manager: str, dry_run: bool) -> dict[str, str]:
    return {"fieldManager": manager, **({"dryRun": "All"} if dry_run else {})}
