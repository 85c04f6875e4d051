"""Installs in the background the tools that an `up` can do without."""

import os
import subprocess
import sys
from pathlib import Path

from tools.install import cache
from tools.pins import HERE, Tool

_NICENESS = 10  # the stack that was just brought up is in use meanwhile


def log_of(tool: Tool) -> Path:
    """Where an installation in the background writes its lines."""
    return cache() / f"{tool.name}.log"


def install_later(tool: Tool) -> "subprocess.Popen[bytes]":
    """Starts the installation of a tool as a process that outlives this one. Twice at once, the second one waits."""
    log = log_of(tool)
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "tools", tool.name],
            cwd=HERE.parent,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            start_new_session=True,
        )
    os.setpriority(os.PRIO_PROCESS, process.pid, _NICENESS)
    return process
