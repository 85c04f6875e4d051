"""What a user sees when something is wrong: one line, at the right moment."""

from collections.abc import Callable

import pytest
from pulumi import automation

from sandbox.stack import SandboxStack

pytestmark = pytest.mark.engine

MakeStack = Callable[..., SandboxStack]


def printed(run: Callable[[], object]) -> str:
    with pytest.raises(automation.CommandError) as failed:
        run()
    return str(failed.value)


@pytest.mark.parametrize(
    ("key", "value", "line"),
    [
        ("zone", "ch-gva-9", "exoscale-sks:zone"),
        ("level", "gold", "exoscale-sks:level"),
        ("cni", "flannel", "exoscale-sks:cni"),
        ("nodepools", {"default": {"instance-type": "standard.smal"}}, "nodepools.default.instance-type"),
        ("nodepools", {"default": {"size": 0}}, "nodepools.default.size"),
        ("nodepools", {"default": {"disk-size-gb": 19}}, "nodepools.default.disk-size-gb"),
        ("nodepools", {"default": {"taints": {"dedicated": "me"}}}, "nodepools.default.taints.dedicated"),
        ("kubeconfig", {"ttl-seconds": -1}, "kubeconfig.ttl-seconds"),
    ],
)
def test_a_bad_setting_is_refused_in_one_line_before_anything_is_created(
    make_stack: MakeStack, cloud: Callable[[], dict[str, int]], key: str, value: object, line: str
) -> None:
    output = printed(make_stack("wrong", config={f"exoscale-sks:{key}": value}).preview)
    [_] = [text for text in output.partition("Diagnostics:")[2].splitlines() if line in text]
    assert "Traceback" not in output
    assert cloud() == {}


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
