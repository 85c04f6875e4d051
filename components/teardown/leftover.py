"""Deletes the ingress controller's NLB that the cloud controller manager made and then lost track of.

The CCM recognises its NLB only by an annotation of the Service. If that is lost and the ingress gets another NLB, the
first one is left over and costs money as long as the stack exists.
"""

from collections.abc import Sequence

from .cloud import removal
from .cloud.account import Account, Document
from .cloud.ownership import Evidence, resources
from .cloud.resource import BALANCER, Resource, Verdict
from .cloud.stack_ref import MADE_BY_CCM
from .cloud.survey import survey
from .cluster import services
from .subject import Say, Subject

_SECONDS = 60


def remove_leftover(account: Account, subject: Subject, held: Sequence[Document], say: Say) -> list[Resource]:
    """Deletes the NLB if it is the stack's alone and no Service uses it.

    Args:
        account: the account in the stack's zone.
        held: the cluster's Services of type LoadBalancer.
        say: called with a line for the deletion.

    Returns:
        What was deleted.

    Raises:
        TeardownError: Exoscale refuses to delete it.
    """
    name = subject.ref.name(MADE_BY_CCM)
    in_use = {key for service in held for key in services.balancer(service)}
    zones = {subject.zone: account}

    def find() -> list[Resource]:
        found = resources(survey(zones, groups=False), Evidence(subject.ref))
        ours = [item for item in found if item.kind == BALANCER and item.verdict(subject.ref) is Verdict.OURS]
        return [item for item in ours if item.name == name and not {item.id, item.name} & in_use]

    return removal.remove(zones, find, say, _SECONDS)
