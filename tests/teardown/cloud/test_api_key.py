"""Which API key the teardown uses: today's, both halves of it, and never in its own words."""

import os
import stat
from pathlib import Path

import pytest

from components.teardown.cloud.api_key import PAIRS, api_key
from components.teardown.errors import TeardownError


@pytest.mark.parametrize(("key", "secret"), PAIRS)
def test_either_pair_of_names_will_do(key: str, secret: str) -> None:
    found = api_key(environment={key: "EXO1", secret: "hush"})

    assert (found.key, found.secret, found.source) == ("EXO1", "hush", key)


def test_the_usual_names_win() -> None:
    environment = {name: f"{name} value" for pair in PAIRS for name in pair}

    assert api_key(environment=environment).source == "EXOSCALE_API_KEY"


@pytest.mark.parametrize(("key", "secret"), PAIRS)
def test_half_a_pair_is_refused_by_name_and_never_shown(key: str, secret: str) -> None:
    with pytest.raises(TeardownError, match=f"^{key} is set and {secret} is not; set both$"):
        api_key(environment={key: "EXO1"})
    with pytest.raises(TeardownError, match=f"^{secret} is set and {key} is not; set both$"):
        api_key(environment={secret: "hush"})


def test_without_a_key_the_error_names_what_to_set() -> None:
    with pytest.raises(TeardownError, match="EXOSCALE_API_KEY and EXOSCALE_API_SECRET or EXOSCALE_KEY and"):
        api_key(environment={})


def test_the_secret_is_in_no_representation() -> None:
    assert "hush" not in repr(api_key(environment={"EXOSCALE_KEY": "EXO1", "EXOSCALE_SECRET": "hush"}))


@pytest.fixture
def pulumi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `pulumi` that answers with the content of a file, and keeps what it was asked."""
    program = tmp_path / "pulumi"
    program.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/asked\ncat {tmp_path}/answer\n')
    program.chmod(stat.S_IRWXU)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    return tmp_path


def test_the_stacks_configuration_is_asked_where_the_environment_has_no_key(pulumi: Path) -> None:
    (pulumi / "answer").write_text('{"exoscale:key": {"value": "EXO2"}, "exoscale:secret": {"value": "hush"}}')
    found = api_key("dev", environment={})

    assert (found.key, found.secret, found.source) == ("EXO2", "hush", "exoscale:key")
    assert (pulumi / "asked").read_text().split()[-2:] == ["--stack", "dev"]
    assert "hush" not in (pulumi / "asked").read_text()


def test_a_key_in_the_environment_is_todays_and_wins_over_the_configuration(pulumi: Path) -> None:
    found = api_key("dev", environment={"EXOSCALE_API_KEY": "EXO1", "EXOSCALE_API_SECRET": "hush"})

    assert found.source == "EXOSCALE_API_KEY"
    assert not (pulumi / "asked").exists()


@pytest.mark.parametrize("answer", ["{}", '{"exoscale:key": {"value": "EXO2"}}'])
def test_a_configuration_without_both_halves_is_no_key(pulumi: Path, answer: str) -> None:
    (pulumi / "answer").write_text(answer)
    with pytest.raises(TeardownError, match="the Exoscale API key is not set"):
        api_key("dev", environment={})
