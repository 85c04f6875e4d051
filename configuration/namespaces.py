"""Configuration by namespace: which keys the program and its plugins read, and which nobody does."""

from collections.abc import Iterable

from pulumi.runtime import config as runtime_config

# Beside the project's own: the engine's, and those of the plugins (requirements.txt).
OTHERS = ("pulumi", "exoscale", "kubernetes", "command")


def configuration() -> dict[str, str]:
    """Everything that the engine hands over, by full key: `namespace:key`."""
    return {**runtime_config.get_config_env(), **runtime_config.CONFIG.get()}


def unread(keys: Iterable[str], project: str) -> list[str]:
    """A line for each key of a namespace that nobody reads. Such a key is what a renamed project leaves in its stack
    files, and without the line each setting would be its default: another zone, another size, no protection.

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
