"""The kubernetes plugin's calls: its configuration, and the result of each call while the cluster is unreachable."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sandbox.plugins.kubernetes import release
from sandbox.plugins.kubernetes.cluster import NoMatch
from sandbox.plugins.kubernetes.connection import ApiError, Unreachable
from sandbox.plugins.kubernetes.helm import HelmError
from sandbox.plugins.kubernetes.kubeconfig import Document, Malformed, active_cluster, read
from sandbox.plugins.kubernetes.objects import Objects
from sandbox.plugins.kubernetes.release import TOKEN as RELEASE
from sandbox.plugins.kubernetes.settings import Settings, load
from sandbox.plugins.properties import Properties, Unknown, plain
from sandbox.plugins.provider import (
    CheckFailure,
    CheckRequest,
    CheckResult,
    ConfigRequest,
    ConfigureRequest,
    Context,
    CreateRequest,
    CreateResult,
    DeleteRequest,
    DiffRequest,
    DiffResult,
    Features,
    Provider,
    ProviderError,
    ReadRequest,
    ReadResult,
    Severity,
    Surroundings,
    UpdateRequest,
    configured,
)

_ADVICE = (
    "If the cluster was deleted, you can remove this resource from Pulumi state by rerunning the operation with the "
    'PULUMI_K8S_DELETE_UNREACHABLE environment variable set to "true"'
)
_LOCATING = ("kubeconfig", "context", "cluster")


class KubernetesProvider(Provider[Settings]):
    """The plugin for one host.

    Args:
        settle_seconds: how long a Service's endpoints must stay the same to count as ready.
    """

    package = "kubernetes"
    version = "4.32.0"
    features = Features(accept_secrets=True, supports_autonaming_configuration=True)

    def __init__(self, settle_seconds: float = 10) -> None:
        self._objects = Objects(settle_seconds)

    def check_config(self, context: Context[Settings], request: ConfigRequest) -> CheckResult:
        """Refuses what strict mode forbids."""
        if plain(request.news.get("strictMode")) not in (True, "true"):
            return CheckResult(request.news)
        failures = []
        if request.urn.rpartition("::")[2].startswith("default"):
            failures.append(CheckFailure("", "strict mode prohibits default provider"))
        for key in ("kubeconfig", "context"):
            if not request.news.get(key):
                failures.append(CheckFailure(key, f'strict mode requires Provider "{key}" argument'))
        return CheckResult(request.news, failures)

    def diff_config(self, context: Context[Settings], request: ConfigRequest) -> DiffResult:
        """Replaces the provider, and so all its resources, when it would talk to another cluster."""
        olds, news = plain(request.olds), plain(request.news)
        diffs = sorted(key for key in {*olds, *news} if olds.get(key) != news.get(key))
        return DiffResult(bool(diffs), diffs, _replacing(olds, news, diffs, context.surroundings))

    def configure(self, context: Context[Settings], request: ConfigureRequest) -> Settings:
        return load(request.variables, context.surroundings)

    def check(self, context: Context[Settings], request: CheckRequest) -> CheckResult:
        settings: Settings = configured(context)
        if settings.cluster is None and settings.skip_update_unreachable:
            context.log(
                Severity.WARNING,
                "Cluster is unreachable but skipUpdateUnreachable flag is set to true, skipping...",
                request.urn,
            )
            return CheckResult(request.olds)
        with _failures():
            if request.type == RELEASE:
                return release.check(settings, request)
            return self._objects.check(settings, request)

    def diff(self, context: Context[Settings], request: DiffRequest) -> DiffResult:
        if request.type == RELEASE:
            return release.diff(request)
        return self._objects.diff(configured(context), request)

    def create(self, context: Context[Settings], request: CreateRequest) -> CreateResult:
        with _failures():
            if request.type == RELEASE:
                return release.create(context, configured(context), request)
            return self._objects.create(context, configured(context), request)

    def read(self, context: Context[Settings], request: ReadRequest) -> ReadResult:
        settings: Settings = configured(context)
        if settings.cluster is None:
            _tell_unreachable(context, settings, request.urn)
            if settings.delete_unreachable:
                return ReadResult("")
            if settings.skip_update_unreachable:
                return ReadResult(request.id, request.properties, request.inputs)
            raise ProviderError(f"failed to read resource state due to unreachable cluster. {_ADVICE}")
        with _failures():
            if request.type == RELEASE:
                return release.read(settings, request)
            return self._objects.read(settings, request)

    def update(self, context: Context[Settings], request: UpdateRequest) -> Properties:
        with _failures():
            if request.type == RELEASE:
                return release.update(context, configured(context), request)
            return self._objects.update(context, configured(context), request)

    def delete(self, context: Context[Settings], request: DeleteRequest) -> None:
        settings: Settings = configured(context)
        if request.type == RELEASE:
            with _failures():
                release.delete(context, settings, request)
            return
        if settings.cluster is None:
            _tell_unreachable(context, settings, request.urn)
            if settings.delete_unreachable:
                return
            raise ProviderError(f"configured Kubernetes cluster is unreachable. {_ADVICE}")
        with _failures():
            self._objects.delete(context, settings, request)


def _replacing(olds: Properties, news: Properties, diffs: list[str], surroundings: Surroundings) -> list[str]:
    identifier = news.get("clusterIdentifier")
    if identifier and olds.get("clusterIdentifier") == identifier:
        return []
    if identifier and olds.get("clusterIdentifier"):
        return ["clusterIdentifier"]
    replaces = [key for key in diffs if key == "renderYamlToDirectory"]
    unknown = [key for key in _LOCATING if isinstance(news.get(key), Unknown)]
    if unknown:
        return unknown + replaces
    if _active_cluster(olds, surroundings) != _active_cluster(news, surroundings):
        replaces += [key for key in diffs if key in _LOCATING]
    return replaces


def _active_cluster(properties: Properties, surroundings: Surroundings) -> Document | None:
    given: Any = properties.get("kubeconfig") or {}
    try:
        # An absent one is not looked up: the ambient cluster is not part of the provider's state.
        document = given if isinstance(given, dict) else read(given, surroundings)
    except (Malformed, OSError) as error:
        raise ProviderError(f"failed to parse kubeconfig: {error}") from error
    return active_cluster(document, properties.get("context") or "", properties.get("cluster") or "")


def _tell_unreachable(context: Context[Settings], settings: Settings, urn: str) -> None:
    what = f"configured Kubernetes cluster is unreachable: {settings.unreachable}"
    context.log(Severity.WARNING, what, urn)
    if settings.delete_unreachable:
        context.log(
            Severity.INFO,
            "configured Kubernetes cluster is unreachable and the `deleteUnreachable` option is enabled. "
            "Deleting the unreachable resource from Pulumi state",
            urn,
        )


@contextmanager
def _failures() -> Iterator[None]:
    """Fails a call with the words of the API server's or helm's refusal."""
    try:
        yield
    except (ApiError, Unreachable, NoMatch, HelmError) as error:
        raise ProviderError(str(error)) from error
