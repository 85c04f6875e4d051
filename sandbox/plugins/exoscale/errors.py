"""Failures of cloud calls in the words of Go clients and Terraform bridge (docs/plugins.md, Exoscale failures)."""


class CloudError(Exception):
    """A call, or the work around it, failed; the text is that of the provider's own code."""


class Gone(CloudError):
    """The API answered 404."""


class DeadlineExceeded(CloudError):
    """The resource's time limit has expired."""

    def __init__(self) -> None:
        super().__init__("context deadline exceeded")


def multierror(*messages: str) -> str:
    """Formats a list of errors as Go's multierror does, including the blank line."""
    head = "1 error occurred:" if len(messages) == 1 else f"{len(messages)} errors occurred:"
    return head + "\n" + "".join(f"\t* {message}\n" for message in messages) + "\n"
