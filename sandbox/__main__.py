"""`python -m sandbox`."""

import sandbox.fault_commands
import sandbox.key_commands  # noqa: F401 - modules of commands: importing them adds them
from sandbox.cli import main

main(prog_name="python -m sandbox")
