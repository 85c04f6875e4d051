"""The Kubernetes API of a cluster, as the teardown uses it: plain objects of its JSON, and one credential per use."""

import json
import time
from collections.abc import Callable
from typing import Any

import kubernetes
import urllib3

from teardown.account import Account, Document, NotFound
from teardown.credential import kubeconfig
from teardown.errors import TeardownError

Say = Callable[[str], None]
Call = Callable[..., Any]  # a method of the official client

_CONNECT_AND_READ_SECONDS = (5, 30)
_PAUSE_SECONDS = 1.0
_MERGE = "application/merge-patch+json"


class Unreachable(TeardownError):
    """The API server of a cluster that exists does not answer."""


class Refused(TeardownError):
    """The API server says no."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Cluster:
    """One cluster's API server, through the official client. What is gone already counts as deleted.

    Every method raises Unreachable when the API server does not answer, and Refused when it says no.

    Args:
        access: a kubeconfig's content.
    """

    def __init__(self, access: Document) -> None:
        settings = kubernetes.client.Configuration()
        kubernetes.config.load_kube_config_from_dict(access, client_configuration=settings)  # type: ignore[no-untyped-call]
        settings.retries = False  # a failure is worth a line of progress, so we repeat ourselves
        api = kubernetes.client.ApiClient(settings)
        self.core = kubernetes.client.CoreV1Api(api)
        self.admission = kubernetes.client.AdmissionregistrationV1Api(api)
        self._version = kubernetes.client.VersionApi(api)

    def version(self) -> Document:
        """What the API server says of itself."""
        return self.ask(self._version.get_code)

    def ask(self, call: Call, *arguments: Any, **options: Any) -> Document:
        """Calls the API; an empty document where there is no such object."""
        try:
            answer = call(
                *arguments, _preload_content=False, **{"_request_timeout": _CONNECT_AND_READ_SECONDS, **options}
            )
            document: Document = json.loads(answer.data)
        except kubernetes.client.ApiException as error:
            if error.status == 404:
                return {}
            if not error.status:
                raise Unreachable(f"the API server does not answer: {error.reason}") from None
            raise Refused(error.status, _message(error)) from None
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            raise Unreachable(f"the API server does not answer: {_reason(error)}") from None
        return document

    def items(self, call: Call, **options: Any) -> list[Document]:
        """The objects of a list."""
        found: list[Document] = self.ask(call, **options).get("items", [])
        return found

    def patch(self, call: Call, *arguments: Any) -> Document:
        """Merges the last argument into an object."""
        return self.ask(call, *arguments, _content_type=_MERGE)

    def await_change(self, call: Call, version: str, seconds: float) -> None:
        """Returns when one of the listed objects changes after that resource version, or after the time."""
        limit = max(1, round(seconds))
        try:
            answer = call(
                watch=True,
                resource_version=version,
                timeout_seconds=limit,
                _preload_content=False,
                _request_timeout=(5, limit + 5),
            )
            try:
                answer.readline()
            finally:
                answer.close()
        except kubernetes.client.ApiException as error:
            if error.status != 410:  # our place in history is forgotten: something did change
                raise Refused(error.status or 0, _message(error)) from None
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise Unreachable(f"the API server does not answer: {_reason(error)}") from None


def reach(account: Account, cluster_id: str, patience: float, say: Say) -> Cluster | None:
    """A cluster's API server that answers; None where Exoscale knows no such cluster any more.

    Args:
        patience: seconds that it may take to answer; it is asked once at least.
        say: told that it is being waited for.

    Raises:
        Unreachable: it does not answer in that time.
    """
    deadline, said = time.monotonic() + patience, False
    while True:
        try:
            cluster = Cluster(kubeconfig(account, cluster_id))
            cluster.version()
        except NotFound:
            return None
        except TeardownError as error:
            if time.monotonic() > deadline:
                raise Unreachable(f"the control plane of cluster {cluster_id} does not answer: {error}") from None
            if not said:
                say(f"waiting for the control plane of cluster {cluster_id}: {error}")
                said = True
            time.sleep(_PAUSE_SECONDS)
        else:
            return cluster


def _message(error: kubernetes.client.ApiException) -> str:
    try:
        return str(json.loads(error.body or "")["message"])
    except (ValueError, KeyError, TypeError):
        return f"{error.status} {error.reason}"


def _reason(error: BaseException) -> str:
    reason = getattr(error, "reason", None)
    return str(reason or error)
