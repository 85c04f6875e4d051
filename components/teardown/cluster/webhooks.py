"""Disables and restores admission webhooks whose Service is gone: they block everybody's changes in the cluster.

While the Service of a webhook with failure policy Fail has no ready endpoint, the API server refuses every request that
the webhook has to review, for example if a policy engine was removed but its webhook configuration was not. The API
server asks no webhook about webhook configurations, so these can be changed in a locked cluster too.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from ..cloud.account import Document
from ..errors import TeardownError
from ..wait import wait_until
from .api_server import ApiServer, Refused, Say, refusal

EARLIER = "exoscale-sks/failure-policy"  # annotation of a configuration: earlier policies of disabled webhooks

_API = "/apis/admissionregistration.k8s.io/v1"
_LISTS = {
    "ValidatingWebhookConfiguration": f"{_API}/validatingwebhookconfigurations",
    "MutatingWebhookConfiguration": f"{_API}/mutatingwebhookconfigurations",
}


@dataclass(frozen=True)
class Unanswered:
    """A webhook configuration that locks its cluster.

    Args:
        kind: its kind in Kubernetes.
        document: the configuration.
        services: Services without a ready endpoint, as `namespace/name`, by webhook name.
    """

    kind: str
    document: Document
    services: dict[str, str]

    @property
    def name(self) -> str:
        """Kind and name."""
        return f"{self.kind} {self.document['metadata']['name']}"

    @property
    def reason(self) -> str:
        """Why it locks the cluster, in words."""
        return f"Service {', '.join(sorted({*self.services.values()}))} of its webhooks has no ready endpoint"


def unanswered(server: ApiServer) -> list[Unanswered]:
    """Returns the configurations that lock the cluster.

    It ignores webhooks with a URL: nothing in the cluster shows whether anybody answers there.
    """
    answers: dict[str, bool] = {}
    found: list[Unanswered] = []
    for kind, path in _LISTS.items():
        for document in server.items(path):
            services: dict[str, str] = {}
            for webhook in document.get("webhooks") or []:
                service = webhook["clientConfig"].get("service")
                if service and webhook.get("failurePolicy") != "Ignore":
                    name = f"{service['namespace']}/{service['name']}"
                    if name not in answers:
                        answers[name] = _answers(server, service["namespace"], service["name"])
                    services |= {} if answers[name] else {webhook["name"]: name}
            if services:
                found.append(Unanswered(kind, document, services))
    return found


def set_aside(server: ApiServer, patience: float, say: Say) -> list[str]:
    """Makes the API server ignore the webhooks whose Service does not answer, and notes their failure policies in an
    annotation.

    Args:
        patience: seconds for their Services to get a ready endpoint: a policy engine may just be restarting.
        say: called with what it waits for, and with what could not be changed.

    Returns:
        A line for each configuration that was changed.
    """
    told: set[str] = set()

    def look() -> list[Unanswered]:
        found = unanswered(server)
        for one in found:
            if one.name not in told:
                told.add(one.name)
                say(f"waiting: {one.name} locks the cluster: {one.reason}")
        return found

    lines: list[str] = []
    for one in wait_until(look, patience):
        noted = _earlier(one.document) | dict.fromkeys(one.services, "Fail")
        path = f"{_LISTS[one.kind]}/{one.document['metadata']['name']}"
        if why := _write(server, path, dict.fromkeys(one.services, "Ignore"), json.dumps(noted)):
            say(f"{one.name} cannot be set aside: {why}")
        else:
            lines.append(f"set {one.name} aside: {one.reason}; the next `pulumi up` gives it back")
            say(lines[-1])
    return lines


def give_back(server: ApiServer, say: Say) -> None:
    """Restores every configuration that `set_aside` changed."""
    for kind, path in _LISTS.items():
        for document in server.items(path):
            if noted := _earlier(document):
                name, there = document["metadata"]["name"], {one["name"] for one in document.get("webhooks") or []}
                policies = {webhook: policy for webhook, policy in noted.items() if webhook in there}
                why = _write(server, f"{path}/{name}", policies, None)
                say(f"{kind} {name} cannot be given back: {why}" if why else f"gave {kind} {name} back")


@contextmanager
def explained(server: ApiServer, cluster_id: str) -> Iterator[None]:
    """Says what locks a cluster that refuses a change.

    Raises:
        TeardownError: in place of a Refused.
    """
    try:
        yield
    except Refused as refused:
        locks = "".join(f"; {one.name} locks it: {one.reason}" for one in unanswered(server))
        raise TeardownError(
            f"cluster {cluster_id} refuses to be changed: {refused}{locks}. Next: bring back what answers the webhook, "
            "or delete its configuration with kubectl; then run it again"
        ) from None


def _answers(server: ApiServer, namespace: str, name: str) -> bool:
    service = server.get(f"/api/v1/namespaces/{namespace}/services/{name}")
    if not service:
        return False
    if service["spec"].get("type") == "ExternalName":  # it points out of the cluster, as a URL does
        return True
    slices = server.items(
        f"/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices",
        labelSelector=f"kubernetes.io/service-name={name}",
    )
    endpoints = [endpoint for one in slices for endpoint in one.get("endpoints") or []]
    return any((endpoint.get("conditions") or {}).get("ready") is not False for endpoint in endpoints)


def _earlier(document: Document) -> dict[str, str]:
    """Returns the failure policies noted in a configuration's annotation, by webhook name."""
    noted: dict[str, str] = json.loads((document["metadata"].get("annotations") or {}).get(EARLIER) or "{}")
    return noted


def _write(server: ApiServer, path: str, policies: dict[str, str], noted: str | None) -> str:
    """Changes the failure policies of some of a configuration's webhooks; returns the refusal, empty if there is
    none."""
    webhooks = [{"name": name, "failurePolicy": policy} for name, policy in policies.items()]
    change = {"metadata": {"annotations": {EARLIER: noted}}, "webhooks": webhooks}
    return refusal(partial(server.patch, path, change))
