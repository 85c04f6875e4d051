"""`python -m teardown …`."""

from teardown.cli import main

main(prog_name="python -m teardown")
