"""Names that tell stacks apart."""

from hypothesis import given, settings
from hypothesis import strategies as st

from components.identity import Identity
from tests.unit.conftest import World, configure, execute

# Few letters, so that many pairs are nearly alike.
STACKS = st.from_regex(r"[a-b0]([a-b0._-]{0,3}[a-b0])?", fullmatch=True)
NOUNS = st.from_regex(r"[a-b]([a-b0-]{0,3}[a-b0])?", fullmatch=True)


@settings(max_examples=60, deadline=None)
@given(STACKS, NOUNS, STACKS, NOUNS)
def test_names_of_different_stacks_or_things_never_meet(one: str, noun: str, other: str, other_noun: str) -> None:
    same = Identity("p", one, "me").name(noun) == Identity("p", other, "me").name(other_noun)

    assert same == ((one, noun) == (other, other_noun))


def test_stacks_whose_names_are_prefixes_of_each_other_have_different_names() -> None:
    assert Identity("p", "dev", "me").name("a-b") == "p-dev-a_b"
    assert Identity("p", "dev-a", "me").name("b") == "p-dev-a-b"


def test_the_description_fits_exoscales_limit_however_long_the_names() -> None:
    found: list[str] = []
    configure({})
    described = Identity("p" * 40, "s" * 63, "o" * 63, "1" * 12).describe("Nodepool " + "n" * 30)
    execute(lambda: described.apply(found.append), World())

    assert [len(text) <= 255 for text in found] == [True]
