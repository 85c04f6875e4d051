"""The Exoscale API key: where it may be, and what is said when half of it or all of it is missing."""

import pytest

from configuration.settings import load
from tests.unit.conftest import configure, problems

KEY, SECRET = "EXO-key", "the-secret"
MISSING = (
    "the Exoscale API key is not set; allowed: EXOSCALE_API_KEY and EXOSCALE_API_SECRET "
    "or EXOSCALE_KEY and EXOSCALE_SECRET in the environment"
)


@pytest.fixture(autouse=True)
def _no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("EXOSCALE_API_KEY", "EXOSCALE_API_SECRET"):
        monkeypatch.delenv(name)


def test_without_one_there_is_one_line() -> None:
    assert problems({}) == [MISSING]


def test_an_empty_one_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXOSCALE_API_KEY", "")
    monkeypatch.setenv("EXOSCALE_API_SECRET", "")

    assert problems({}) == [MISSING]


@pytest.mark.parametrize("pair", [("EXOSCALE_API_KEY", "EXOSCALE_API_SECRET"), ("EXOSCALE_KEY", "EXOSCALE_SECRET")])
def test_both_pairs_of_variables_will_do(pair: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in pair:
        monkeypatch.setenv(name, "given")
    configure({})

    assert load().cluster.zone == "ch-gva-2"


def test_the_stacks_configuration_will_do() -> None:
    configure({"exoscale:key": KEY, "exoscale:secret": SECRET})

    assert load().cluster.zone == "ch-gva-2"


@pytest.mark.parametrize("given", ["EXOSCALE_API_KEY", "EXOSCALE_API_SECRET", "EXOSCALE_KEY", "EXOSCALE_SECRET"])
def test_half_a_pair_is_refused_without_showing_it(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(given, SECRET)
    missing = given.replace("SECRET", "KEY") if "SECRET" in given else given.removesuffix("KEY") + "SECRET"

    assert problems({}) == [f"{missing} is not set; allowed: a key and its secret, and {given} is set"]


def test_half_a_pair_is_refused_beside_a_whole_one_too(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("EXOSCALE_API_KEY", "EXOSCALE_KEY", "EXOSCALE_SECRET"):
        monkeypatch.setenv(name, "given")

    (line,) = problems({})
    assert line.startswith("EXOSCALE_API_SECRET is not set")


def test_a_local_cluster_needs_none() -> None:
    configure({"platform": "k3d"})

    assert load().local is not None
