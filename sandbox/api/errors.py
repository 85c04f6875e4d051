"""The API's refusals as exceptions: status and message reach the client unchanged."""


class ApiError(Exception):
    """A refusal. The body is `{"message": …}`, the one key that every client reads."""

    status = 500

    def __init__(self, message: str, errors: list[str] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.errors = errors or []

    def body(self) -> dict[str, object]:
        """Returns the JSON body; `errors` only for a failed validation, as in the real API."""
        body: dict[str, object] = {"message": self.message}
        if self.errors:
            body["errors"] = [{"message": error} for error in self.errors]
        return body


class BadRequest(ApiError):
    """The request does not fit the OpenAPI document, or names something impossible."""

    status = 400


class Forbidden(ApiError):
    """Wrong or expired credentials, a role that forbids it, or an object that is locked by another."""

    status = 403


class NotFound(ApiError):
    """No object of that kind has that id."""

    status = 404


class Conflict(ApiError):
    """The object is in use or busy, or its name is taken."""

    status = 409


class TooLarge(ApiError):
    """The request's body is larger than the sandbox accepts; the real limit is not known."""

    status = 413


class NotSimulated(ApiError):
    """The operation exists at Exoscale, but this sandbox does not simulate it."""

    status = 501

    def __init__(self, operation_id: str) -> None:
        super().__init__(f"the sandbox does not simulate {operation_id}")


class OperationFailed(Exception):
    """Raised by an operation's work: the operation ends as `failure` with this reason and message.

    `reason` is one of the OpenAPI document's words: busy, conflict, fault, forbidden, incorrect,
    interrupted, not-found, partial, unavailable, unknown, unsupported.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
