"""The plugin's errors for the API server's refusals (docs/plugins.md, Kubernetes objects)."""

from sandbox.plugins.kubernetes.cluster import NoMatch
from sandbox.plugins.kubernetes.connection import ApiError
from sandbox.plugins.provider import ProviderError

CONFLICT_HELP = (
    "https://www.pulumi.com/registry/packages/kubernetes/how-to-guides/managing-resources-with-server-side-apply/"
    "#handle-field-conflicts-on-existing-resources"
)
EXISTS_HELP = (
    "the object already exists in the cluster. If it belongs to another resource of this program, add an alias; to "
    "change only some of its fields, use the Patch resource of its kind; to manage it from now on, use the import "
    'resource option, or set "upsertExistingObjects" on the Provider'
)


def hides_preview(error: ApiError | NoMatch) -> bool:
    """Whether a dry run of a create failed for a reason that may not apply to the real create."""
    return isinstance(error, NoMatch) or error.status in (403, 404) or error.reason == "AlreadyExists"


def refused(urn: str, error: ApiError | NoMatch) -> ProviderError:
    """A create that left nothing behind."""
    if isinstance(error, NoMatch):
        return ProviderError(
            f'creation of resource "{urn}" failed because the Kubernetes API server reported that the apiVersion '
            f"for this resource does not exist. Verify that any required CRDs have been created: {error}"
        )
    detail = f"{error}\n{EXISTS_HELP}" if error.reason == "AlreadyExists" else str(error)
    return ProviderError(f'resource "{urn}" was not successfully created by the Kubernetes API server: {detail}')


def conflict(error: ApiError, manager: str) -> str:
    """Another manager owns fields that we would change."""
    return (
        f"server-side apply field conflict detected, see {CONFLICT_HELP} for troubleshooting help\n"
        f'The resource managed by field manager "{manager}" had an apply conflict: {error}'
    )
