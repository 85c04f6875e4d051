"""Finds configuration keys in namespaces that neither the program nor its plugins read."""

from collections.abc import Iterable

from pulumi.runtime import config as runtime_config

# In addition to the project's own: those of the engine and the plugins (requirements.txt).
OTHERS = ("pulumi", "exoscale", "kubernetes", "command")


def configuration() -> dict[str, str]:
    """Returns the whole configuration from the engine, by full key: `namespace:key`."""
    return {**runtime_config.get_config_env(), **runtime_config.CONFIG.get()}


def unread(keys: Iterable[str], project: str) -> list[str]:
    """Returns a line for each key in a namespace that neither the program nor its plugins read. A renamed project
    leaves such keys in its stack files; ignored, every setting would have its default: another zone, another size, no
    protection.

    Args:
        keys: full keys.
        project: the project's name, which is its namespace.
    """
    split = sorted((key, *key.partition(":")[::2]) for key in keys)
    return [
        f"{key} is read by nobody, for the project is {project} (`name` in Pulumi.yaml). "
        f"Next: rename it to {project}:{name}, or remove it"
        for key, namespace, name in split
        if namespace not in (project, *OTHERS)
    ]
