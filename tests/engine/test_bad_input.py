"""What a user sees when something is wrong: one line, at the right moment."""

from collections.abc import Callable
from pathlib import Path

import pytest
from pulumi import automation

from runner.stack import SandboxStack

pytestmark = pytest.mark.engine

MakeStack = Callable[..., SandboxStack]


def printed(run: Callable[[], object]) -> str:
    with pytest.raises(automation.CommandError) as failed:
        run()
    return str(failed.value)


WRONG = {
    "zone": "ch-gva-9",
    "level": "gold",
    "cni": "flannel",
    "kubeconfig": {"ttl-seconds": -1},
    "nodepools": {
        "a": {"instance-type": "standard.smal"},
        "b": {"size": -1},
        "c": {"disk-size-gb": 19},
        "d": {"taints": {"dedicated": "me"}},
    },
}
KEYS = [
    "exoscale-sks:zone",
    "exoscale-sks:level",
    "exoscale-sks:cni",
    "kubeconfig.ttl-seconds",
    "nodepools.a.instance-type",
    "nodepools.b.size",
    "nodepools.c.disk-size-gb",
    "nodepools.d.taints.dedicated",
]


def test_every_bad_setting_is_refused_in_a_line_of_its_own_before_anything_is_created(
    make_stack: MakeStack, cloud: Callable[[], dict[str, int]]
) -> None:
    output = printed(make_stack("wrong", config={f"exoscale-sks:{key}": value for key, value in WRONG.items()}).up)
    told = output.partition("Diagnostics:")[2].splitlines()
    for key in KEYS:
        [_] = [line for line in told if key in line]
    assert "Traceback" not in output
    assert cloud() == {}


def test_a_key_of_another_project_and_a_file_that_is_no_kubeconfig_are_refused_in_a_line_each(
    make_stack: MakeStack, tmp_path: Path
) -> None:
    file = tmp_path / "values.yaml"
    file.write_text("replicas: 2\n")
    config = {"shop:zone": "at-vie-1", "exoscale-sks:kubeconfig": {"file": str(file)}}
    output = printed(make_stack("wrong", config=config).preview)
    for told in ("shop:zone is read by nobody", f"{file} is not a kubeconfig"):
        [_] = [line for line in output.partition("Diagnostics:")[2].splitlines() if told in line]
    assert "Traceback" not in output
    assert file.read_text() == "replicas: 2\n"


def test_a_missing_half_of_the_api_key_is_refused_by_name_and_the_other_half_is_not_shown(
    make_stack: MakeStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EXOSCALE_API_KEY", "EXO0123456789abcdef")
    monkeypatch.delenv("EXOSCALE_API_SECRET")
    output = printed(make_stack("wrong").preview)
    assert "EXOSCALE_API_SECRET" in output
    assert "0123456789abcdef" not in output


def test_a_wrong_key_ends_in_one_line(make_stack: MakeStack, monkeypatch: pytest.MonkeyPatch, sandbox: object) -> None:
    monkeypatch.setenv("EXOSCALE_API_SECRET", "wrong")
    output = printed(make_stack("wrong", variables={"EXOSCALE_API_SECRET": "wrong"}).up)
    assert "unable to verify user credentials" in output or "Forbidden" in output or "invalid request" in output
    assert "Traceback" not in output
