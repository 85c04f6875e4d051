"""The one error that a person sees: a line that says what is wrong and what to do next."""


class TeardownError(Exception):
    """Ends a command with its text and exit status 1, without a traceback."""


class OperationFailed(TeardownError):
    """Exoscale accepted a call and ended its operation as anything but success."""
