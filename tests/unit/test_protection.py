"""`protect`."""

from tests.unit.conftest import Run


def test_a_protected_stack_protects_every_resource_that_the_engine_could_delete(run: Run) -> None:
    world = run({"protect": True})

    assert all(item.request.protect for item in world.registrations.values() if item.request.custom)


def test_no_resource_is_protected_unless_it_is_asked_for(run: Run) -> None:
    world = run()

    assert not any(item.request.protect for item in world.registrations.values())
