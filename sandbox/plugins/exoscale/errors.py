"""Failures of cloud calls in the words of Go clients and Terraform bridge (docs/plugins.md, Exoscale failures)."""


class CloudError(Exception):
    """A call, or the work around it, failed; the text is what the provider's own code would say."""


class Gone(CloudError):
    """The API answered 404."""


class DeadlineExceeded(CloudError):
    """The time limit of the resource has passed."""

    def __init__(self) -> None:
        super().__init__("context deadline exceeded")


def multierror(*messages: str) -> str:
    """The list of errors as Go's multierror prints it, blank line included."""
    head = "1 error occurred:" if len(messages) == 1 else f"{len(messages)} errors occurred:"
    return head + "\n" + "".join(f"\t* {message}\n" for message in messages) + "\n"
