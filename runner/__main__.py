"""`python -m runner`."""

import runner.stack_commands
import runner.teardown_commands  # noqa: F401 - modules of commands: importing them adds them
from runner.cli import main

main(prog_name="python -m runner")
