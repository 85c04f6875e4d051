"""The name of our command line, and of what does the same on the sandbox."""

_IS_INSTALLED = __name__.startswith("exoscale_sks.")

COMMAND = "exoscale-sks" if _IS_INSTALLED else "./exoscale-sks"
"""On PATH if the package is installed; in a checkout, a script."""


def next_step(verb: str, stack: str, on_sandbox: str) -> str:
    """The command to run next, for a message. A checkout has a sandbox beside it; an installed package has none.

    Args:
        verb: of the command line.
        stack: the stack that it is about.
        on_sandbox: the command that does the same for a stack on the sandbox.
    """
    return f"`{COMMAND} {verb} {stack}`" + ("" if _IS_INSTALLED else f" (`{on_sandbox}` on the sandbox)")
