"""Plain kinds: POST creates, server-side apply updates, a dry run previews (docs/plugins.md, Kubernetes objects)."""

from sandbox.plugins.kubernetes import kinds, manifest
from sandbox.plugins.kubernetes.changes import (
    compare,
    is_replacement,
    mark,
    parse,
    prune,
    replacing,
    text,
    without_nulls,
)
from sandbox.plugins.kubernetes.cluster import Cluster, NoMatch, Object, Reference, reference_of
from sandbox.plugins.kubernetes.connection import ApiError
from sandbox.plugins.kubernetes.refusals import conflict, hides_preview, refused
from sandbox.plugins.kubernetes.settings import Settings
from sandbox.plugins.kubernetes.state import checkpoint, importable, inputs_of, live_of, type_of
from sandbox.plugins.kubernetes.waiting import NotDeleted, NotReady, await_deleted, await_ready, look, seconds
from sandbox.plugins.properties import Properties, Unknown, has_unknown, plain
from sandbox.plugins.provider import (
    CheckRequest,
    CheckResult,
    Context,
    CreateRequest,
    CreateResult,
    DeleteRequest,
    DiffRequest,
    DiffResult,
    InitFailed,
    ProviderError,
    ReadRequest,
    ReadResult,
    Severity,
    UpdateRequest,
)

CREATE_RETRIES = 5
FIRST_RETRY_SECONDS = 1.0


class Objects:
    """The calls for every kind but Helm's Release, with a reachable cluster or in preview and check without one.

    Args:
        settle_seconds: how long a Service's endpoints must stay the same to count as ready.
    """

    def __init__(self, settle_seconds: float) -> None:
        self._settle_seconds = settle_seconds

    def check(self, settings: Settings, request: CheckRequest) -> CheckResult:
        """Fills in apiVersion, kind, name and namespace.

        Raises:
            ProviderError: the resource cannot be had.
        """
        api_version, kind = type_of(request.type)
        if kind.endswith("List"):
            raise ProviderError(
                "list resources exist for compatibility with YAML manifests and Helm charts, and cannot be created "
                "directly. Use the underlying resource type instead"
            )
        if kind.endswith("Patch"):
            raise ProviderError(f"{kind}: the sandbox does not simulate Patch resources")
        news = without_nulls(request.news)
        inputs = manifest.with_name({"apiVersion": api_version, "kind": kind, **news}, request)
        metadata = inputs.get("metadata")
        if isinstance(metadata, dict) and not metadata.get("namespace") and self._is_namespaced(settings, inputs):
            inputs = {**inputs, "metadata": {**metadata, "namespace": settings.namespace}}
        return CheckResult(mark(inputs, news))

    def diff(self, settings: Settings, request: DiffRequest) -> DiffResult:
        """Compares the inputs with the live state of what the old inputs set."""
        old_inputs = manifest.normalized(plain(inputs_of(request.olds)))
        live = manifest.normalized(plain(live_of(request.olds)))
        news = manifest.normalized(plain(request.news))
        old = prune(live, old_inputs)
        old = {"apiVersion": news["apiVersion"], "kind": news["kind"], **old}
        mutable = (news["kind"] == "ConfigMap" and settings.config_map_mutable) or (
            news["kind"] == "Secret" and settings.secret_mutable
        )
        changes = replacing(compare(old, news, old), kinds.forcing_paths(news["apiVersion"], news["kind"], mutable))
        ignored = [parse(path) for path in request.ignore_changes]
        changes = {
            path: change for path, change in changes.items() if not any(path[: len(one)] == one for one in ignored)
        }
        replaces = [text(path) for path, change in changes.items() if is_replacement(change)]
        same_place = not isinstance(news.get("metadata"), Unknown) and reference_of(old).id == reference_of(news).id
        return DiffResult(
            changed=bool(changes),
            diffs=sorted({str(path[0]) for path in changes}),
            replaces=replaces,
            detailed={text(path): change for path, change in changes.items()},
            delete_before_replace=bool(replaces)
            and same_place
            and manifest.annotation(news, manifest.AUTONAMED) != "true",
        )

    def create(self, context: Context[Settings], settings: Settings, request: CreateRequest) -> CreateResult:
        """Posts the object and waits for it.

        Raises:
            ProviderError: the API server refuses it; nothing exists.
            InitFailed: it exists but is not ready.
        """
        inputs = without_nulls(request.inputs)
        if request.preview and self._cannot_preview(settings, inputs):
            return CreateResult("", request.inputs)
        cluster = _reachable(settings)
        body = plain(inputs)
        manager = manifest.new_field_manager(body)
        try:
            live = self._post(context, settings, cluster, request, body, manager)
        except (ApiError, NoMatch) as error:
            if request.preview and hides_preview(error):
                return CreateResult("", request.inputs)
            raise refused(request.urn, error) from error
        if request.preview:
            live.pop("status", None)
            return CreateResult("", checkpoint(inputs, live, manager))
        id = reference_of(live).id
        try:
            limit = seconds(body, request.timeout)
            live = await_ready(context, request.urn, cluster, body, live, limit, self._settle_seconds)
        except NotReady as error:
            what = (
                f'resource "{request.urn}" was successfully created, but the Kubernetes API server '
                f"reported that it failed to fully initialize or become live: {error}"
            )
            state = checkpoint(inputs, error.live, manager)
            raise InitFailed(id, state, [what, *error.reasons], text=what) from error
        return CreateResult(id, checkpoint(inputs, live, manager))

    def read(self, settings: Settings, request: ReadRequest) -> ReadResult:
        """Reads the live object; an unready one is InitFailed, about which a refresh only warns."""
        cluster = _reachable(settings)
        old = manifest.normalized(plain(request.inputs))
        api_version, kind = type_of(request.type)
        known = {"apiVersion": api_version, "kind": kind, **plain(live_of(request.properties)), **old}
        namespace, _, name = request.id.rpartition("/")
        try:
            live = cluster.find(Reference(known["apiVersion"], known["kind"], namespace, name))
        except NoMatch:
            live = None
        if live is None:
            return ReadResult("")
        inputs = mark(prune(live, old) if old else importable(live), request.inputs)
        manager = plain(request.properties.get("__fieldManager")) or manifest.new_field_manager(old)
        state = checkpoint(inputs, live, manager, plain(request.properties.get("__initialApiVersion")))
        if old:
            try:
                look(cluster, old, live)
            except NotReady as error:
                raise InitFailed(request.id, state, [str(error), *error.reasons], inputs) from error
        return ReadResult(request.id, state, inputs)

    def update(self, context: Context[Settings], settings: Settings, request: UpdateRequest) -> Properties:
        """Applies the object and waits for it.

        Raises:
            ProviderError: the object is gone.
            InitFailed: the API server refuses the change, or the object is not ready; the new inputs are saved.
        """
        inputs = without_nulls(request.news)
        if request.preview and self._cannot_preview(settings, inputs):
            return request.news
        cluster = _reachable(settings)
        body = manifest.normalized(plain(inputs))
        manager = plain(request.olds.get("__fieldManager")) or manifest.new_field_manager(body)
        manager = manifest.annotation(body, manifest.PATCH_MANAGER) or manager
        initial = plain(request.olds.get("__initialApiVersion"))
        reference = reference_of(body)
        reasons: list[str] = []
        try:
            live = self._apply(cluster, settings, request, body, manager)
            if not request.preview:
                limit = seconds(body, request.timeout)
                live = await_ready(context, request.urn, cluster, body, live, limit, self._settle_seconds)
        except ApiError as error:
            if request.preview and error.status == 403:
                return request.news
            failure = conflict(error, manager) if error.status == 409 else str(error)
            found = cluster.find(reference)
            if found is None:
                raise ProviderError(
                    f'update of resource "{reference.id}" failed because the Kubernetes API server '
                    f"reported that it failed to fully initialize or become live: {failure}"
                ) from error
            live = found
        except NotReady as error:
            live, failure, reasons = error.live, str(error), error.reasons
        else:
            if request.preview:
                live.pop("status", None)
            return checkpoint(inputs, live, manager, initial)
        what = (
            f'the Kubernetes API server reported that "{reference.id}" failed to fully initialize '
            f"or become live: {failure}"
        )
        state = checkpoint(inputs, live, manager, initial)
        raise InitFailed(reference.id, state, [what, *reasons], text=what)

    def delete(self, context: Context[Settings], settings: Settings, request: DeleteRequest) -> None:
        """Deletes the object with what it owns, and waits until it is gone.

        Raises:
            ProviderError: the API server refuses, or it is still there after the limit.
        """
        cluster = _reachable(settings)
        body = plain(live_of(request.properties))
        namespace, _, name = request.id.rpartition("/")
        reference = Reference(body["apiVersion"], body["kind"], namespace, name)
        propagation = manifest.annotation(body, manifest.PROPAGATION) or "foreground"
        try:
            cluster.delete(reference, propagation.capitalize())
            await_deleted(context, request.urn, cluster, reference, body, seconds(body, request.timeout))
        except NoMatch:
            return
        except ApiError as error:
            if error.status != 404:
                raise
        except NotDeleted as error:
            raise ProviderError(str(error)) from error

    def _post(
        self,
        context: Context[Settings],
        settings: Settings,
        cluster: Cluster,
        request: CreateRequest,
        body: Object,
        manager: str,
    ) -> Object:
        """Creates the object; retries while the namespace or the kind does not exist yet."""
        for attempt in range(CREATE_RETRIES + 1):
            try:
                if settings.upsert_existing:
                    force = _forced(settings, body) or request.preview
                    return cluster.apply(body, manager, force, request.preview)
                return cluster.create(body, manifest.FIRST_MANAGER, request.preview)
            except (ApiError, NoMatch) as error:
                missing = isinstance(error, NoMatch) or error.status == 404
                if not missing or request.preview or attempt == CREATE_RETRIES:
                    raise
                retry = f"Retry #{attempt}; creation failed: {error}"
                context.log(Severity.INFO, retry, request.urn, ephemeral=True)
                if context.cancelled.wait(FIRST_RETRY_SECONDS * 2**attempt):
                    raise
        raise AssertionError("the last attempt returns or raises")

    def _apply(
        self, cluster: Cluster, settings: Settings, request: UpdateRequest, body: Object, manager: str
    ) -> Object:
        reference = reference_of(body)
        live = cluster.get(reference)
        adopted = manifest.adopt_fields(live, manager)
        if adopted is not None and not request.preview:
            live = cluster.set_managed_fields(reference, live, adopted)
        for path in request.ignore_changes:
            manifest.ignore(body, parse(path), live, manager)
        # A dry run cannot take ownership first, so it would find a conflict with our own create.
        force = _forced(settings, body) or (request.preview and adopted is not None)
        return cluster.apply(body, manager, force, request.preview)

    def _cannot_preview(self, settings: Settings, inputs: Properties) -> bool:
        """Whether a dry run is impossible: the inputs are echoed instead."""
        if settings.cluster is None or has_unknown(inputs):
            return True
        body = plain(inputs)
        return not settings.cluster.serves(body["apiVersion"], body["kind"])

    def _is_namespaced(self, settings: Settings, inputs: Properties) -> bool:
        api_version, kind = inputs["apiVersion"], inputs["kind"]
        known = kinds.is_namespaced(api_version, kind)
        if known is not None or settings.cluster is None:
            return known is not False
        try:
            return settings.cluster.is_namespaced(api_version, kind)
        except NoMatch:  # its definition is not there yet: assumed, as the plugin does
            return True


def _reachable(settings: Settings) -> Cluster:
    if settings.cluster is None:
        raise ProviderError(f"configured Kubernetes cluster is unreachable: {settings.unreachable}")
    return settings.cluster


def _forced(settings: Settings, body: Object) -> bool:
    return settings.patch_force or manifest.annotation(body, manifest.PATCH_FORCE) == "true"
