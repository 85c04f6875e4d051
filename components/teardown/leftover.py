"""Removes the NLB of the ingress that the cloud controller manager made and then lost sight of.

It knows an NLB by an annotation of the Service alone, so a lost annotation leaves the NLB behind when the ingress gets
another one: it would be paid for as long as the stack lives.
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
    """Deletes it, where it is the stack's alone and no Service holds it.

    Args:
        account: of the stack's zone.
        held: the Services of type LoadBalancer that the cluster has.
        say: told the deletion.

    Returns:
        What went.

    Raises:
        TeardownError: Exoscale does not let it go.
    """
    name = subject.ref.name(MADE_BY_CCM)
    in_use = {key for service in held for key in services.balancer(service)}
    zones = {subject.zone: account}

    def find() -> list[Resource]:
        found = resources(survey(zones, groups=False), Evidence(subject.ref))
        ours = [item for item in found if item.kind == BALANCER and item.verdict(subject.ref) is Verdict.OURS]
        return [item for item in ours if item.name == name and not {item.id, item.name} & in_use]

    return removal.remove(zones, find, say, _SECONDS)
