"""A stack's entries in a shared kubeconfig: one cluster, one user and one context, all with the same name."""

import shlex
from collections.abc import Iterator
from typing import Any

import yaml

from .teardown.cloud.stack_ref import StackRef

Document = dict[str, Any]

MARK = "exoscale-sks"  # name of the extension that records which stack an entry belongs to
_SECTIONS = {"clusters": "cluster", "users": "user", "contexts": "context"}


class KubeconfigRefused(Exception):
    """Raised for a file that cannot take a stack's entries; its text continues a sentence about the file."""


def entry_name(stack: StackRef) -> str:
    """Name of a stack's cluster, user and context, so that several stacks fit into one KUBECONFIG."""
    return f"{stack.project}-{stack.stack}"


def connecting(path: str, stack: StackRef) -> str:
    """Returns the shell line that uses the stack's context. The file's current context may be somebody else's.

    Args:
        path: the kubeconfig file.
    """
    return (
        f"export KUBECONFIG={shlex.quote(path)}; kubectl config use-context {entry_name(stack)} && kubectl cluster-info"
    )


def named(minted: str, stack: StackRef) -> str:
    """Returns a kubeconfig for one cluster and user, with the stack's names and its mark.

    Args:
        minted: YAML, as the cloud or k3d makes it.
        stack: the stack it belongs to.
    """
    document, name = yaml.load(minted, _Loader), entry_name(stack)  # noqa: S506 a safe loader
    contents = {
        "clusters": document["clusters"][0]["cluster"],
        "users": document["users"][0]["user"],
        "contexts": {"cluster": name, "user": name},
    }
    entries = {
        section: [{"name": name, _SECTIONS[section]: {**content, "extensions": [_mark(stack)]}}]
        for section, content in contents.items()
    }
    return _text({"apiVersion": "v1", "kind": "Config", **entries, "current-context": name})


def merged(existing: str, minted: str, stack: StackRef) -> str:
    """Returns a file's text with the stack's current entries; everything else in it stays.

    The stack's context becomes the current one only if the file has none. A file that only gives access to the same
    cluster, under the names the cloud gave it, was written by an earlier release and is replaced.

    Args:
        existing: the file's text; empty if there is no file.
        minted: as for `named`.
        stack: the stack it belongs to.

    Raises:
        KubeconfigRefused: the text is not a kubeconfig, or has an entry of that name that is not the stack's.
    """
    document = check(existing, stack)
    if _gist(document) == _gist(parse(minted)):
        document = {}
    ours, name = parse(named(minted, stack)), entry_name(stack)
    for section in _SECTIONS:
        ours[section] = [*_others(document, section, name), *ours[section]]
    contexts = {entry.get("name") for entry in ours["contexts"]}
    if document.get("current-context") in contexts:
        ours["current-context"] = document["current-context"]
    return _text({**ours, **{key: value for key, value in document.items() if key not in ours}})


def without(existing: str, stack: StackRef) -> str:
    """Returns a file's text without the stack's entries; empty if it had no others.

    Raises:
        KubeconfigRefused: as for `merged`.
    """
    document, name = check(existing, stack), entry_name(stack)
    left = {section: _others(document, section, name) for section in _SECTIONS}
    if not any(left.values()):
        return ""
    current = document.get("current-context")
    return _text({**document, **left, "current-context": "" if current == name else current or ""})


def check(existing: str, stack: StackRef) -> Document:
    """Parses a file's text.

    Raises:
        KubeconfigRefused: as for `merged`.
    """
    document, name = parse(existing), entry_name(stack)
    for section, kind in _SECTIONS.items():
        for entry in document.get(section) or []:
            owner = next(_marks(entry.get(kind)), None)
            if entry.get("name") == name and owner != _owner(stack):
                whose = f"stack {owner}" if owner else "somebody else"
                raise KubeconfigRefused(f"has a {kind} {name} of {whose}: rename that, or choose another file")
    return document


def parse(text: str) -> Document:
    """Parses a kubeconfig's text; an empty text has no entries.

    Raises:
        KubeconfigRefused: it is not a kubeconfig.
    """
    try:
        document = yaml.load(text, _Loader)  # noqa: S506 a safe loader
    except yaml.YAMLError as error:
        raise KubeconfigRefused("is not a kubeconfig: it is not YAML") from error
    if document is None:
        return {}
    if not isinstance(document, dict) or document.get("kind", "Config") != "Config":
        raise KubeconfigRefused("is not a kubeconfig: it is something else")
    if "kind" not in document and not _SECTIONS.keys() & document.keys():
        raise KubeconfigRefused("is not a kubeconfig: it has no kind, clusters, users or contexts")
    for section, kind in _SECTIONS.items():
        entries = document.get(section) or []
        if not isinstance(entries, list) or not all(_is_entry(entry, kind) for entry in entries):
            raise KubeconfigRefused(f"is not a kubeconfig: its {section} are not a list of entries")
    return document


class _Loader(yaml.SafeLoader):
    """A YAML loader that leaves unquoted timestamps as text."""


_Loader.yaml_implicit_resolvers = {
    start: [(tag, form) for tag, form in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for start, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _is_entry(entry: Any, kind: str) -> bool:
    return isinstance(entry, dict) and isinstance(entry.get(kind) or {}, dict)


def _others(document: Document, section: str, name: str) -> list[Document]:
    return [entry for entry in document.get(section) or [] if entry.get("name") != name]


def _marks(content: Document | None) -> Iterator[str]:
    """Returns the stack named in an entry's mark, if there is one."""
    for extension in (content or {}).get("extensions") or []:
        if isinstance(extension, dict) and extension.get("name") == MARK:
            yield str((extension.get("extension") or {}).get("stack"))


def _mark(stack: StackRef) -> Document:
    return {"name": MARK, "extension": {"stack": _owner(stack)}}


def _owner(stack: StackRef) -> str:
    return f"{stack.project}/{stack.stack}"


def _gist(document: Document) -> list[Any]:
    """Returns names and servers without credentials: equal results give access to the same clusters the same way."""
    servers = [(entry.get("cluster") or {}).get("server") for entry in document.get("clusters") or []]
    return [servers, *([entry.get("name") for entry in document.get(section) or []] for section in _SECTIONS)]


def _text(document: Document) -> str:
    text: str = yaml.safe_dump(document, sort_keys=False, allow_unicode=True)
    return text
