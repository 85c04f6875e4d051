"""Whose volumes and snapshots are: a PersistentVolume that names one proves nothing unless the CSI driver made it."""

from typing import Any

import pytest

from components.teardown.cloud.abandoned import abandoned, why_abandoned
from components.teardown.cloud.resource import Verdict
from tests.teardown.cloud.cases import Make, Table, judged
from tests.teardown.paper import COPY, NAMESAKE, NEIGHBOUR, OURS, OWNER, PVC, PaperAccount, found

OURS_, PARTLY, ANOTHERS, NOBODYS = Verdict.OURS, Verdict.PARTLY, Verdict.ANOTHERS, Verdict.NOBODYS
UNPROVEN = "nothing proves that the CSI driver of a cluster made it"
With = tuple[str, dict[str, Any]]
table = Table()
case = table.case


@case(OURS_, "its labels")
def one_that_a_drain_labelled_as_ours(account: PaperAccount) -> str:
    return account.volume(owner=OURS)


@case(ANOTHERS, "its labels")
def one_that_an_earlier_stack_of_our_name_kept(account: PaperAccount) -> With:
    made = account.volume(labels=NAMESAKE.labels(OWNER) | {"on-destroy": "keep"})
    return made, {"static": {made}}


@case(ANOTHERS, "its labels")
def one_with_our_id_under_another_name(account: PaperAccount) -> str:
    return account.volume(owner=COPY)


@case(OURS_, "made by the CSI driver of its cluster")
def one_that_the_csi_driver_made_and_that_no_machine_holds(account: PaperAccount) -> With:
    made = account.volume()
    return made, {"provisioned": {made: PVC}}


@case(OURS_, "made by the CSI driver of its cluster")
def one_that_the_csi_driver_made_and_that_our_machine_holds(account: PaperAccount) -> With:
    made = account.volume(account.machine())
    return made, {"provisioned": {made: PVC}}


@case(NOBODYS)
def one_that_a_persistent_volume_claims_to_be_the_drivers_under_another_name(account: PaperAccount) -> With:
    made = account.volume(name="my-data")
    return made, {"provisioned": {made: PVC}}


@case(PARTLY, f"{OURS}: attached to instance *; somebody: {UNPROVEN}")
def the_same_on_our_machine(account: PaperAccount) -> With:
    made = account.volume(account.machine(), name="my-data")
    return made, {"provisioned": {made: PVC}}


@case(PARTLY, f"{OURS}: attached to instance *; somebody: {UNPROVEN}")
def one_that_a_persistent_volume_calls_by_the_name_of_another_that_the_driver_made(account: PaperAccount) -> With:
    made = account.volume(account.machine())
    return made, {"provisioned": {made: "pvc-99999999-2222-4333-8444-555555555555"}}


@case(ANOTHERS, "its labels")
def one_that_the_driver_made_and_that_carries_another_stacks_id(account: PaperAccount) -> With:
    made = account.volume(owner=NEIGHBOUR)
    return made, {"provisioned": {made: PVC}}


@case(PARTLY, f"{NEIGHBOUR}: attached to instance *; {OURS}: made by the CSI driver of its cluster")
def one_that_the_driver_made_and_that_another_stacks_machine_holds(account: PaperAccount) -> With:
    made = account.volume(account.machine(NEIGHBOUR))
    return made, {"provisioned": {made: PVC}}


@case(NOBODYS)
def one_that_a_persons_persistent_volume_names(account: PaperAccount) -> With:
    made = account.volume()
    return made, {"static": {made}}


@case(PARTLY, f"{OURS}: attached to instance *; somebody: {UNPROVEN}")
def one_that_a_persons_persistent_volume_names_on_our_machine(account: PaperAccount) -> With:
    made = account.volume(account.machine())
    return made, {"static": {made}}


@case(ANOTHERS, f"{NEIGHBOUR}: attached to instance *; somebody: {UNPROVEN}")
def one_that_only_others_have_a_part_in(account: PaperAccount) -> str:
    return account.volume(account.machine(NEIGHBOUR), name="my-data")


@case(PARTLY, f"{OURS}: attached to instance *; somebody: {UNPROVEN}")
def a_persons_on_our_machine(account: PaperAccount) -> str:
    return account.volume(account.machine(), name="my-data")


@case(OURS_, "attached to instance *")
def one_called_as_the_driver_calls_its_own_on_our_machine_whose_cluster_nobody_asked(account: PaperAccount) -> str:
    return account.volume(account.machine())


@case(PARTLY, f"{OURS}: attached to instance *; somebody: {UNPROVEN}")
def the_same_when_our_cluster_was_asked_and_does_not_know_it(account: PaperAccount) -> With:
    return account.volume(account.machine()), {"asked": True}


@case(ANOTHERS, "attached to instance *")
def the_same_on_another_stacks_machine(account: PaperAccount) -> str:
    return account.volume(account.machine(NEIGHBOUR))


@case(PARTLY, f"{NEIGHBOUR}: attached to instance *; {OURS}: its labels")
def one_with_our_labels_on_another_stacks_machine(account: PaperAccount) -> str:
    return account.volume(account.machine(NEIGHBOUR), OURS)


@case(PARTLY, f"somebody: attached to instance *; {OURS}: its labels")
def one_with_our_labels_on_a_persons_machine(account: PaperAccount) -> str:
    return account.volume(account.instance(), OURS)


@case(PARTLY, f"{OURS}: attached to instance *; {NEIGHBOUR}: its labels")
def one_with_another_stacks_labels_on_our_machine(account: PaperAccount) -> str:
    return account.volume(account.machine(), NEIGHBOUR)


@case(PARTLY, f"{NEIGHBOUR}: snapshot * carries its labels; {OURS}: its labels")
def one_of_ours_of_which_another_stack_has_a_snapshot(account: PaperAccount) -> str:
    made = account.volume(owner=OURS)
    account.snapshot(made, NEIGHBOUR)
    return made


@case(PARTLY, f"{OURS}: snapshot * carries its labels; somebody: nothing proves whose it is")
def nobodys_of_which_we_have_a_snapshot(account: PaperAccount) -> str:
    made = account.volume()
    account.snapshot(made, OURS)
    return made


@case(NOBODYS)
def nobodys(account: PaperAccount) -> str:
    return account.volume()


@case(OURS_, "of volume *")
def a_snapshot_of_our_volume(account: PaperAccount) -> str:
    return account.snapshot(account.volume(owner=OURS))


@case(OURS_, "its labels")
def a_snapshot_with_our_labels_whose_volume_is_gone(account: PaperAccount) -> str:
    return account.snapshot("gone", OURS)


@case(PARTLY, f"{OURS}: its labels; {NEIGHBOUR}: of volume *")
def a_snapshot_with_our_labels_of_another_stacks_volume(account: PaperAccount) -> str:
    return account.snapshot(account.volume(account.machine(NEIGHBOUR), NEIGHBOUR), OURS)


@case(ANOTHERS, "of volume *")
def a_snapshot_of_another_stacks_volume(account: PaperAccount) -> str:
    return account.snapshot(account.volume(owner=NEIGHBOUR))


@case(NOBODYS)
def a_snapshot_of_nobodys_volume(account: PaperAccount) -> str:
    return account.snapshot(account.volume())


@pytest.mark.parametrize(("make", "verdict", "proof"), table.cases)
def test_it_is_known_whose_it_is(make: Make, verdict: Verdict, proof: str) -> None:
    assert judged(make) == (verdict, proof)


def test_those_of_dead_clusters_are_provably_nobodys_and_a_persons_are_not() -> None:
    account = PaperAccount()
    dead = account.volume()
    snapshot = account.snapshot(dead)
    account.snapshot(account.volume(name="my-data"))
    account.volume(account.instance())

    items = abandoned(found(account).values())

    assert {item.id: why_abandoned(item) for item in items} == {
        dead: "made for a PersistentVolumeClaim, attached to nothing",
        snapshot: "of such a volume",
    }
