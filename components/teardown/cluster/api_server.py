"""The teardown's client of a cluster's Kubernetes API: plain JSON objects, and one credential per use."""

import json
import time
from collections.abc import Callable
from typing import Any

import urllib3
from kubernetes.client.api_client import ApiClient
from kubernetes.client.configuration import Configuration
from kubernetes.client.exceptions import ApiException
from kubernetes.config import load_kube_config_from_dict

from ..cloud.account import Account, Document, NotFound
from ..errors import TeardownError
from ..wait import wait_until
from .kubeconfig import kubeconfig

Say = Callable[[str], None]

_CONNECT_AND_READ_SECONDS = (5, 30)
_CONNECT_AND_CHANGE_SECONDS = (5, 65)  # the API server gives up on a silent webhook after 60
_LONGEST_WATCH_SECONDS = 5.0
_JSON = "application/json"
_STRATEGIC = "application/strategic-merge-patch+json"  # merges lists too, such as webhooks by their names
_MERGE = "application/merge-patch+json"  # the only merge of custom objects: a list is replaced as a whole
_GONE, _TOO_MANY_REQUESTS = 410, 429
_TRIES = 10  # of a question, as client-go does


class Unreachable(TeardownError):
    """The API server of a cluster that exists does not answer."""


class Refused(TeardownError):
    """The API server refuses a request."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def refusal(change: Callable[[], object]) -> str:
    """Makes a change; returns the API server's refusal, empty if there is none."""
    try:
        change()
    except Refused as refused:
        return str(refused)
    return ""


class ApiServer:
    """One cluster's API server, through the official client. What is already gone counts as deleted.

    Objects are named by their paths in the API, such as `/api/v1/services`: importing the client's typed methods takes
    longer than the rest of a drain (`bench/typed_client.py`). Query parameters have the API's own names.

    Every method raises Unreachable if the API server does not answer, and Refused if it refuses.

    Args:
        access: a kubeconfig's content.
    """

    def __init__(self, access: Document) -> None:
        settings = Configuration()
        load_kube_config_from_dict(access, client_configuration=settings)  # type: ignore[no-untyped-call]
        settings.retries = False  # we retry ourselves, to show each failure as progress
        self._api = ApiClient(settings)

    def get(self, path: str, **query: Any) -> Document:
        """Returns an object, or a list with its metadata; empty if there is none."""
        return self._ask("GET", path, query)

    def items(self, path: str, **query: Any) -> list[Document]:
        """Returns the objects of a list."""
        found: list[Document] = self.get(path, **query).get("items", [])
        return found

    def create(self, path: str, document: Document, **query: Any) -> Document:
        """Creates an object in the list at that path."""
        return self._ask("POST", path, query, document)

    def patch(self, path: str, document: Document) -> Document:
        """Merges the document into an object of a kind that Kubernetes itself has."""
        return self._ask("PATCH", path, {}, document, _STRATEGIC)

    def patch_custom(self, path: str, document: Document) -> Document:
        """Merges the document into an object of another kind. A list in it replaces the object's."""
        return self._ask("PATCH", path, {}, document, _MERGE)

    def delete(self, path: str, **query: Any) -> Document:
        """Deletes an object."""
        return self._ask("DELETE", path, query)

    def await_change(self, path: str, version: str, seconds: float) -> None:
        """Waits until one of the listed objects changes after that resource version, or until the time is up."""
        limit = max(1, round(seconds))
        query = {"watch": True, "resourceVersion": version, "timeoutSeconds": limit}
        try:
            answer = self._call("GET", path, query, timeout=(5, limit + 5))
            try:
                answer.response.readline()
            finally:
                answer.response.close()
        except Refused as refused:
            if refused.status != _GONE:  # the API server has dropped this version: something did change
                raise
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise Unreachable(f"the API server does not answer: {_reason(error)}") from None

    def await_deletion(
        self,
        path: str,
        meant: Callable[[Document], bool],
        patience: float,
        seen: Callable[[list[Document]], object] = lambda left: None,
    ) -> list[Document]:
        """Waits until none of the objects of a list is left.

        Args:
            meant: selects the objects to wait for.
            patience: seconds without any deletion after which it gives up.
            seen: called at each look with the objects that are left.

        Returns:
            The objects that are left; empty if all are gone.
        """
        version = ""

        def look() -> list[Document]:
            nonlocal version
            listed = self.get(path)
            version = listed["metadata"]["resourceVersion"]
            left = [item for item in listed["items"] if meant(item)]
            seen(left)
            return left

        def watch(remaining: float) -> None:
            self.await_change(path, version, min(_LONGEST_WATCH_SECONDS, remaining))

        return wait_until(look, patience, watch)

    def _ask(
        self, method: str, path: str, query: Document, body: Document | None = None, content: str = _JSON
    ) -> Document:
        try:
            document: Document = json.loads(self._call(method, path, query, body, content).read())
        except Refused as refused:
            if refused.status != 404:
                raise
            return {}
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            raise Unreachable(f"the API server does not answer: {_reason(error)}") from None
        return document

    def _call(
        self,
        method: str,
        path: str,
        query: Document,
        body: Document | None = None,
        content: str = _JSON,
        timeout: tuple[float, float] | None = None,
    ) -> Any:
        """Sends a request; returns the answer unread, unless it is a refusal.

        A question is asked again where the API server says to: for a second after a definition was made or changed, it
        answers that the storage of its kind is initializing.
        """
        headers = {"Accept": _JSON, "Content-Type": content}
        request = self._api.param_serialize(
            method,
            path,
            query_params=list(query.items()),
            header_params=headers,
            body=body,
            auth_settings=["BearerToken"],
        )
        usual = _CONNECT_AND_READ_SECONDS if method == "GET" else _CONNECT_AND_CHANGE_SECONDS
        for tries_left in reversed(range(_TRIES if method == "GET" else 1)):
            try:
                answer = self._api.call_api(*request, _request_timeout=timeout or usual)
            except ApiException as error:  # there was no answer
                raise Unreachable(f"the API server does not answer: {error.reason}") from None
            pause = answer.headers.get("Retry-After")
            if answer.status != _TOO_MANY_REQUESTS or not pause or not tries_left:
                break
            answer.read()  # type: ignore[no-untyped-call]
            time.sleep(float(pause))
        if answer.status >= 400:
            raise Refused(answer.status, _message(answer))
        return answer


def reach(account: Account, cluster_id: str, patience: float, say: Say) -> ApiServer | None:
    """Returns a cluster's API server once it answers; None if Exoscale no longer knows the cluster.

    Args:
        patience: seconds to wait for an answer; it is asked at least once.
        say: called while it waits.

    Raises:
        Unreachable: it does not answer in time.
    """
    found: ApiServer | None = None
    told: list[str] = []

    def silence() -> str:
        nonlocal found
        try:
            found = ApiServer(kubeconfig(account, cluster_id))
            found.get("/version")
        except NotFound:
            found = None
        except TeardownError as error:
            if not told:
                told.append(str(error))
                say(f"waiting for the control plane of cluster {cluster_id}: {error}")
            return str(error)
        return ""

    if said := wait_until(silence, patience):
        raise Unreachable(f"the control plane of cluster {cluster_id} does not answer: {said}")
    return found


def _message(answer: Any) -> str:
    try:
        return str(json.loads(answer.read())["message"])
    except (ValueError, KeyError, TypeError):
        return f"{answer.status} {answer.reason}"


def _reason(error: BaseException) -> str:
    reason = getattr(error, "reason", None)
    return str(reason or error)
