"""A machine where one of the pinned tools is not installed yet."""

from pathlib import Path

from tools.install import cache, path_of


def without(binary: str, folder: Path) -> Path:
    """Fills a folder, for `$EXOSCALE_SKS_CACHE`, with all tools but that of the binary; returns where that belongs."""
    missing = path_of(binary).parent
    (folder / "tools").mkdir(parents=True)
    for tool in (cache() / "tools").iterdir():
        if tool != missing:
            (folder / "tools" / tool.name).symlink_to(tool)
    return folder / "tools" / missing.name
