"""Reading the command lines that states of before the provider hold."""

from components.teardown.state.legacy import options
from components.teardown.state.recorded import BALANCER
from tests.teardown.deployment import command, resource


def test_options_are_read_as_a_shell_would_split_them() -> None:
    drain = command("drain", delete="sh teardown/run.sh drain --pool a --pool b --releases --zone 'x y' --stack-id ''")

    assert options(drain, "delete", "drain") == {
        "pool": ["a", "b"],
        "releases": [],
        "zone": ["x y"],
        "stack-id": [""],
    }


def test_only_a_command_that_runs_the_verb_in_that_step_is_read() -> None:
    drain = command("drain", delete="sh teardown/run.sh drain --pool a")

    assert options(drain, "delete", "sweep") is None
    assert options(drain, "create", "drain") is None
    assert options(command("drain", delete="echo teardown/run.sh drain"), "delete", "drain") is None
    assert options(resource(BALANCER, "drain", "x", inputs=drain["inputs"]), "delete", "drain") is None
    assert options(resource(drain["type"], "drain", "x"), "delete", "drain") is None
    assert options(resource(drain["type"], "drain", "x", inputs={"delete": {"secret": 1}}), "delete", "drain") is None
