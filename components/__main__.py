"""`python -m components …`, or `exoscale-sks …` where the package is installed: the verbs of the teardown."""

from .cli import main
from .teardown.command import COMMAND

main(prog_name=COMMAND)
