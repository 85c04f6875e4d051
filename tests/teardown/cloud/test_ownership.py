"""Whose clusters, machines and groups are, and why: one case per kind of evidence."""

from typing import Any

import pytest

from components.teardown.cloud.ownership import worn_by
from components.teardown.cloud.resource import Verdict
from tests.teardown.cloud.cases import Make, Table, judged
from tests.teardown.paper import (
    COPY,
    NAMESAKE,
    NEIGHBOUR,
    OTHER_ZONE,
    OURS,
    OWNER,
    PaperAccount,
    found,
)

OURS_, PARTLY, ANOTHERS, NOBODYS = Verdict.OURS, Verdict.PARTLY, Verdict.ANOTHERS, Verdict.NOBODYS
With = tuple[str, dict[str, Any]]
table = Table()
case = table.case


@case(OURS_, "its labels")
def a_cluster_with_our_labels(account: PaperAccount) -> str:
    return account.cluster(OURS)


@case(ANOTHERS, "its labels")
def a_cluster_with_the_labels_of_another_stack_of_our_name(account: PaperAccount) -> str:
    return account.cluster(NAMESAKE)


@case(ANOTHERS, "its labels")
def a_cluster_with_our_id_under_another_name_for_one_of_the_two_states_is_a_copy(account: PaperAccount) -> str:
    return account.cluster(COPY)


@case(ANOTHERS, "its labels")
def a_cluster_with_our_project_and_stack_and_no_id(account: PaperAccount) -> str:
    return account.cluster(None, labels={"project": OURS.project, "stack": OURS.stack})


@case(ANOTHERS, "its labels")
def a_cluster_with_nothing_but_our_id(account: PaperAccount) -> str:
    return account.cluster(None, labels={"stack-id": OURS.id})


@case(ANOTHERS, "a cluster without a stack's labels")
def a_cluster_without_labels(account: PaperAccount) -> str:
    return account.cluster(None)


@case(OURS_, "its state records it")
def a_cluster_without_labels_that_our_state_records(account: PaperAccount) -> With:
    made = account.cluster(None)
    return made, {"recorded": {made}}


@case(PARTLY, f"{NEIGHBOUR}: nodepool * carries its labels; {OURS}: its labels")
def a_cluster_of_ours_with_a_nodepool_that_carries_another_stacks_id(account: PaperAccount) -> str:
    cluster = account.cluster()
    account.nodepool(cluster, NEIGHBOUR)
    return cluster


@case(ANOTHERS, "its labels")
def a_cluster_that_our_state_records_and_that_carries_another_stacks_id(account: PaperAccount) -> With:
    made = account.cluster(NEIGHBOUR)
    return made, {"recorded": {made}}


@case(OURS_, "its labels")
def a_nodepool_with_our_labels(account: PaperAccount) -> str:
    return account.nodepool(account.cluster())[0]


@case(OURS_, "in cluster *")
def a_nodepool_that_somebody_added_to_our_cluster(account: PaperAccount) -> str:
    return account.nodepool(account.cluster(), None)[0]


@case(ANOTHERS, "its labels")
def a_nodepool_in_our_cluster_that_carries_another_stacks_id(account: PaperAccount) -> str:
    return account.nodepool(account.cluster(), NEIGHBOUR)[0]


@case(ANOTHERS, "in cluster *")
def a_nodepool_without_labels_in_another_stacks_cluster(account: PaperAccount) -> str:
    return account.nodepool(account.cluster(NEIGHBOUR), None)[0]


@case(ANOTHERS, "in cluster *")
def a_nodepool_in_another_stacks_cluster_whose_pool_a_copied_state_records(account: PaperAccount) -> With:
    nodepool, pool = account.nodepool(account.cluster(COPY), None)
    return nodepool, {"pools": {pool}}


@case(OURS_, "its state records it")
def an_instance_pool_whose_nodepool_is_gone_and_that_our_state_records(account: PaperAccount) -> With:
    made = account.bare_pool()
    return made, {"pools": {made}}


@case(ANOTHERS, "its labels")
def an_instance_pool_that_our_state_records_and_that_carries_another_stacks_id(account: PaperAccount) -> With:
    made = account.bare_pool(NEIGHBOUR)
    return made, {"pools": {made}}


@case(ANOTHERS, "a pool without a stack's labels")
def an_instance_pool_without_labels(account: PaperAccount) -> str:
    return account.bare_pool()


@case(OURS_, "in nodepool *")
def a_node_of_our_nodepool(account: PaperAccount) -> str:
    return account.instance(account.pool())


@case(ANOTHERS, "in nodepool *")
def a_node_of_another_stacks_nodepool_whatever_its_labels_say(account: PaperAccount) -> str:
    return account.instance(account.pool(NEIGHBOUR), OURS)


@case(OURS_, "in instance pool *")
def a_member_of_an_instance_pool_of_ours(account: PaperAccount) -> str:
    return account.instance(account.bare_pool(OURS))


@case(ANOTHERS, "an instance without a stack's labels")
def a_machine_of_a_person(account: PaperAccount) -> str:
    return account.instance()


def of_cluster(cluster: str) -> dict[str, str]:
    """What Karpenter labels its machines with."""
    return {"exoscale.com/cluster-id": cluster}


@case(OURS_, "a node of cluster *")
def a_machine_that_karpenter_made_for_our_cluster(account: PaperAccount) -> str:
    return account.instance(labels=of_cluster(account.cluster()))


@case(ANOTHERS, "a node of cluster *")
def a_machine_that_karpenter_made_for_another_cluster(account: PaperAccount) -> str:
    return account.instance(labels=of_cluster(account.cluster(NEIGHBOUR)))


@case(PARTLY, f"{OURS}: a node of cluster *; {NEIGHBOUR}: its labels")
def a_machine_of_our_cluster_that_carries_another_stacks_id(account: PaperAccount) -> str:
    return account.instance(labels=of_cluster(account.cluster()) | NEIGHBOUR.labels(OWNER))


@case(ANOTHERS, "an instance without a stack's labels")
def a_machine_that_karpenter_made_for_a_cluster_that_is_gone(account: PaperAccount) -> str:
    return account.instance(labels=of_cluster("gone"))


@case(OURS_, "its name and description")
def a_security_group_that_our_program_described(account: PaperAccount) -> str:
    return account.security_group()


@case(OURS_, "its name and description")
def an_anti_affinity_group_that_our_program_described(account: PaperAccount) -> str:
    return account.anti_affinity_group()


@case(ANOTHERS, "its name and description")
def a_group_that_another_stack_of_our_name_described(account: PaperAccount) -> str:
    return account.security_group(NAMESAKE)


@case(NOBODYS)
def a_group_whose_name_is_not_what_its_description_says(account: PaperAccount) -> str:
    return account.security_group(name="mine")


@case(NOBODYS)
def a_group_whose_description_goes_on(account: PaperAccount) -> str:
    return account.security_group(description=f"{OURS.describe('Nodes', OWNER)}, and of others")


@case(OURS_, "its state records it")
def a_group_that_our_state_records(account: PaperAccount) -> With:
    made = account.security_group(None)
    return made, {"recorded": {made}}


@case(ANOTHERS, "its name and description")
def a_group_that_our_state_records_and_that_describes_itself_as_of_another_id(account: PaperAccount) -> With:
    made = account.security_group(NEIGHBOUR)
    return made, {"recorded": {made}}


@case(OURS_, "its name and description")
def a_group_that_describes_itself_as_of_our_id_and_a_name_that_nothing_has_any_more(account: PaperAccount) -> str:
    """The stack was renamed, and the group's text cannot change; labels can."""
    account.cluster()
    return account.security_group(COPY)


@case(OURS_, "its state records it")
def a_group_of_the_name_that_our_stack_had_when_its_state_recorded_it(account: PaperAccount) -> With:
    account.cluster()
    made = account.anti_affinity_group(COPY)
    return made, {"recorded": {made}}


@case(ANOTHERS, "its name and description")
def a_group_that_describes_itself_as_of_our_id_and_a_name_that_something_still_has(account: PaperAccount) -> str:
    """Our state may be a copy of that stack's."""
    account.cluster(COPY)
    return account.security_group(COPY)


@case(PARTLY, f"{COPY}: its name and description; {OURS}: its state records it")
def a_group_that_our_state_records_and_that_a_living_stack_of_our_id_describes(account: PaperAccount) -> With:
    account.cluster(COPY)
    made = account.security_group(COPY)
    return made, {"recorded": {made}}


@case(PARTLY, f"{NEIGHBOUR}: attached to nodepool *; {OURS}: its name and description")
def a_group_of_ours_that_another_stacks_nodepool_wears(account: PaperAccount) -> str:
    group = account.security_group()
    account.nodepool(account.cluster(NEIGHBOUR), NEIGHBOUR, **{"security-groups": [{"id": group}]})
    return group


@case(PARTLY, f"somebody: attached to instance *; {OURS}: its name and description")
def a_group_of_ours_that_a_persons_machine_wears(account: PaperAccount) -> str:
    group = account.anti_affinity_group()
    account.instance(**{"anti-affinity-groups": [{"id": group}]})
    return group


@case(OURS_, "its name and description")
def a_group_of_ours_that_our_nodepool_wears(account: PaperAccount) -> str:
    group = account.security_group()
    account.nodepool(account.cluster(), **{"security-groups": [{"id": group}]})
    return group


@case(NOBODYS)
def a_persons_group_that_our_nodepool_wears(account: PaperAccount) -> str:
    group = account.security_group(None)
    account.nodepool(account.cluster(), **{"security-groups": [{"id": group}]})
    return group


@pytest.mark.parametrize(("make", "verdict", "proof"), table.cases)
def test_it_is_known_whose_it_is(make: Make, verdict: Verdict, proof: str) -> None:
    assert judged(make) == (verdict, proof)


def test_a_machine_in_another_zone_wears_a_group_too() -> None:
    here, there = PaperAccount(), PaperAccount(OTHER_ZONE)
    group = here.security_group()
    there.instance(**{"security-groups": [{"id": group}]})

    assert found(here, there)[group].verdict(OURS) is Verdict.PARTLY
    assert worn_by([here.survey(), there.survey()], group) == ["instance instance-1"]


def test_what_proves_in_one_zone_proves_nothing_in_another() -> None:
    """Ids are unique, but a cluster's machines are all in its zone."""
    here, there = PaperAccount(), PaperAccount(OTHER_ZONE)
    node = there.instance(labels=of_cluster(here.cluster()))

    assert found(here, there)[node].verdict(OURS) is Verdict.ANOTHERS


def test_groups_belong_to_no_zone_and_everything_else_to_the_one_it_was_found_in() -> None:
    here, there = PaperAccount(), PaperAccount(OTHER_ZONE)
    group, balancer = here.security_group(), there.balancer()

    items = found(here, there)

    assert (items[group].zone, items[balancer].zone) == ("", OTHER_ZONE)
    assert items[group].command == f"exo compute security-group delete {group}"
