"""A stack's entries in a kubeconfig that others use too: one cluster, one user and one context, all of one name."""

from collections.abc import Iterator
from typing import Any

import yaml

from .teardown.cloud.stack_ref import StackRef

Document = dict[str, Any]

MARK = "exoscale-sks"  # the name of the extension that says which stack an entry belongs to
_SECTIONS = {"clusters": "cluster", "users": "user", "contexts": "context"}


class KubeconfigRefused(Exception):
    """A file that a stack's entries cannot be written into; its text continues a sentence about the file."""


def entry_name(stack: StackRef) -> str:
    """Names a stack's cluster, user and context, so that several stacks fit into one KUBECONFIG."""
    return f"{stack.project}-{stack.stack}"


def named(minted: str, stack: StackRef) -> str:
    """A kubeconfig for one cluster and user, with the stack's names in it and its mark.

    Args:
        minted: YAML, as the cloud or k3d makes it.
        stack: whose it is.
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
    """A file's text with the stack's entries as they are now; everything else in it stays.

    The current context is the stack's only where the file has none. A file with nothing but the same way into the same
    cluster, under the names that it was minted with, is what an earlier release wrote, and is replaced.

    Args:
        existing: the file's text; empty where there is no file.
        minted: as for `named`.
        stack: whose it is.

    Raises:
        KubeconfigRefused: the text is no kubeconfig, or has an entry of that name that is not the stack's.
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
    """A file's text without the stack's entries; empty when they were all that it had.

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
    """A file's text, parsed.

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
    """A kubeconfig's text; an empty one has no entries.

    Raises:
        KubeconfigRefused: it is no kubeconfig.
    """
    try:
        document = yaml.load(text, _Loader)  # noqa: S506 a safe loader
    except yaml.YAMLError as error:
        raise KubeconfigRefused("is no kubeconfig: it is not YAML") from error
    if document is None:
        return {}
    if not isinstance(document, dict) or document.get("kind", "Config") != "Config":
        raise KubeconfigRefused("is no kubeconfig: it is something else")
    if "kind" not in document and not _SECTIONS.keys() & document.keys():
        raise KubeconfigRefused("is no kubeconfig: it has no kind, clusters, users or contexts")
    for section, kind in _SECTIONS.items():
        entries = document.get(section) or []
        if not isinstance(entries, list) or not all(_is_entry(entry, kind) for entry in entries):
            raise KubeconfigRefused(f"is no kubeconfig: its {section} are no list of entries")
    return document


class _Loader(yaml.SafeLoader):
    """Leaves a time that is not quoted the text that it is."""


_Loader.yaml_implicit_resolvers = {
    start: [(tag, form) for tag, form in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for start, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _is_entry(entry: Any, kind: str) -> bool:
    return isinstance(entry, dict) and isinstance(entry.get(kind) or {}, dict)


def _others(document: Document, section: str, name: str) -> list[Document]:
    return [entry for entry in document.get(section) or [] if entry.get("name") != name]


def _marks(content: Document | None) -> Iterator[str]:
    """The stack that an entry's mark names, if there is one."""
    for extension in (content or {}).get("extensions") or []:
        if isinstance(extension, dict) and extension.get("name") == MARK:
            yield str((extension.get("extension") or {}).get("stack"))


def _mark(stack: StackRef) -> Document:
    return {"name": MARK, "extension": {"stack": _owner(stack)}}


def _owner(stack: StackRef) -> str:
    return f"{stack.project}/{stack.stack}"


def _gist(document: Document) -> list[Any]:
    """Names and servers, without credentials: two of one gist are the same way into the same clusters."""
    servers = [(entry.get("cluster") or {}).get("server") for entry in document.get("clusters") or []]
    return [servers, *([entry.get("name") for entry in document.get(section) or []] for section in _SECTIONS)]


def _text(document: Document) -> str:
    text: str = yaml.safe_dump(document, sort_keys=False, allow_unicode=True)
    return text
