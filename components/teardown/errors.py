"""The one error that users see: a line that says what is wrong and what to do next."""


class TeardownError(Exception):
    """Ends a command with its text and exit status 1, without a traceback."""


class OperationFailed(TeardownError):
    """Exoscale accepted a call, but its operation did not succeed."""
