"""Reads the settings of the nodepools."""

from collections.abc import Mapping
from typing import Any

from components.pool_args import Between, PoolArgs

from .reading import Table


def nodepools(table: Table) -> dict[str, PoolArgs]:
    """Reads the object `nodepools`; notes mistakes in its problems and returns a default instead."""
    if not table.sound:
        return {"default": PoolArgs()}
    return {name: _pool(table.table(name)) for name in table.names()}


def _pool(table: Table) -> PoolArgs:
    arguments = table.arguments(PoolArgs)
    if isinstance(arguments.get("size"), Mapping):
        arguments["size"] = _between(table.table("size"))
    table.finish()
    return table.made(PoolArgs, arguments) or PoolArgs()


def _between(table: Table) -> Any:
    made = table.made(Between, {"min": table.take("min", 1), "max": table.take("max")})
    table.finish()
    return made or PoolArgs.size
