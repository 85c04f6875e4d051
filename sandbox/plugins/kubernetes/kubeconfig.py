"""Kubeconfigs: found, parsed, and narrowed to the cluster and the user that one provider uses."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from sandbox.plugins.provider import Surroundings

Document = dict[str, Any]

_CLUSTER_FILES = ("certificate-authority",)
_USER_FILES = ("client-certificate", "client-key", "tokenFile")


class Malformed(Exception):
    """The text is not a kubeconfig."""


class Incomplete(Exception):
    """The kubeconfig does not lead to a cluster."""


@dataclass(frozen=True)
class Kubeconfig:
    """One cluster, reached as one user. All paths in it are absolute.

    Attributes:
        cluster, user: the entries' contents.
        namespace: the context's, or empty.
    """

    cluster: Document
    user: Document
    namespace: str = ""

    def text(self) -> str:
        """A kubeconfig with this one context; it may hold credentials."""
        return yaml.safe_dump(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "current-context": "selected",
                "clusters": [{"name": "selected", "cluster": self.cluster}],
                "users": [{"name": "selected", "user": self.user}],
                "contexts": [
                    {
                        "name": "selected",
                        "context": {
                            "cluster": "selected",
                            "user": "selected",
                            "namespace": self.namespace or "default",
                        },
                    }
                ],
            }
        )


def read(path_or_text: str, surroundings: Surroundings) -> Document:
    """The kubeconfig that a provider's `kubeconfig` setting stands for.

    Args:
        path_or_text: a path if such a file exists (`~/` is expanded), else the text itself; empty: the ambient one.
        surroundings: relative paths start from the program's folder; the environment names home and $KUBECONFIG.

    Raises:
        Malformed: it does not parse.
    """
    if not path_or_text:
        return _ambient(surroundings)
    path = _existing(path_or_text, surroundings)
    # The real plugin forgets where a file came from, so paths in it are relative to its working directory.
    return _absolute(parse(path.read_text() if path else path_or_text), surroundings.directory.absolute())


def parse(text: str) -> Document:
    """Parses YAML or JSON.

    Raises:
        Malformed: it does not parse.
    """
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise Malformed(f"yaml: {error}") from error
    if document is None:
        return {}
    if not isinstance(document, dict):
        kind = "array" if isinstance(document, list) else "string"
        raise Malformed(f"couldn't get version/kind; json parse error: json: cannot unmarshal {kind} into Go value")
    return document


def select(document: Document, context: str = "", cluster: str = "") -> Kubeconfig:
    """The cluster and user of a context.

    Args:
        context, cluster: override what the kubeconfig names as current.

    Raises:
        Incomplete: an entry is missing.
    """
    name = context or document.get("current-context") or ""
    contexts = _entries(document, "contexts", "context")
    if not contexts and not document.get("clusters"):
        raise Incomplete(
            "invalid configuration: no configuration has been provided, "
            "try setting KUBERNETES_MASTER environment variable"
        )
    if name not in contexts:
        if name:
            raise Incomplete(f'context "{name}" does not exist')
        raise Incomplete("invalid configuration: no configuration has been provided")
    chosen = contexts[name]
    cluster = cluster or chosen.get("cluster", "")
    clusters = _entries(document, "clusters", "cluster")
    if cluster not in clusters:
        raise Incomplete(f'cluster "{cluster}" does not exist')
    if not clusters[cluster].get("server"):
        raise Incomplete(f'invalid configuration: no server found for cluster "{cluster}"')
    users = _entries(document, "users", "user")
    user = chosen.get("user", "")
    if user and user not in users:
        raise Incomplete(f'auth info "{user}" does not exist')
    return Kubeconfig(clusters[cluster], users.get(user, {}), chosen.get("namespace") or "")


def active_cluster(document: Document, context: str = "", cluster: str = "") -> Document | None:
    """The cluster entry that a provider talks to, or None; a change of it replaces the provider."""
    name = context or document.get("current-context") or ""
    chosen = _entries(document, "contexts", "context").get(name, {})
    return _entries(document, "clusters", "cluster").get(cluster or chosen.get("cluster", ""))


def _entries(document: Document, section: str, kind: str) -> dict[str, Document]:
    return {entry["name"]: entry.get(kind) or {} for entry in reversed(document.get(section) or [])}


def _existing(path: str, surroundings: Surroundings) -> Path | None:
    if path == "~" or path.startswith("~/"):
        path = surroundings.environment.get("HOME", "~") + path[1:]
    try:
        found = surroundings.directory / path
        return found if found.is_file() else None
    except (OSError, ValueError):  # a whole kubeconfig is too long for a path
        return None


def _ambient(surroundings: Surroundings) -> Document:
    """$KUBECONFIG (several files: the first entry of a name wins), else ~/.kube/config."""
    paths = [path for path in surroundings.environment.get("KUBECONFIG", "").split(":") if path]
    home = surroundings.environment.get("HOME")
    if not paths and home:
        paths = [f"{home}/.kube/config"]
    merged: Document = {}
    for path in [surroundings.directory.absolute() / path for path in paths]:
        if not path.is_file():
            continue
        document = _absolute(parse(path.read_text()), path.parent)
        for section in ("clusters", "users", "contexts"):
            merged.setdefault(section, []).extend(document.get(section) or [])
        if document.get("current-context"):
            merged.setdefault("current-context", document["current-context"])
    return merged


def _absolute(document: Document, base: Path) -> Document:
    """The same with absolute paths, so that it may move to another folder."""
    for entry in document.get("clusters") or []:
        _make_absolute(entry.get("cluster") or {}, _CLUSTER_FILES, base)
    for entry in document.get("users") or []:
        user = entry.get("user") or {}
        _make_absolute(user, _USER_FILES, base)
        command = (user.get("exec") or {}).get("command", "")
        if "/" in command:  # a bare name is looked up on PATH
            user["exec"]["command"] = str(base / command)
    return document


def _make_absolute(entry: Document, keys: tuple[str, ...], base: Path) -> None:
    for key in keys:
        if entry.get(key):
            entry[key] = str(base / entry[key])
