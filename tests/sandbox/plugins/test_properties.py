"""Property values keep their meaning on the wire."""

import pytest
from google.protobuf import struct_pb2
from hypothesis import given
from hypothesis import strategies as st

from sandbox.plugins.properties import ASSET, UNKNOWN, Secret, decode, encode, has_unknown, plain

_SCALARS = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text() | st.just(UNKNOWN)
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | inner.map(Secret),
    max_leaves=10,
)


@given(st.dictionaries(st.text(), _VALUES))
def test_what_is_encoded_decodes_to_the_same(properties: dict[str, object]) -> None:
    assert decode(encode(properties)) == properties


def test_whole_numbers_become_int_and_others_stay_float() -> None:
    values = decode(encode({"size": 2.0, "share": 0.5}))
    assert (repr(values["size"]), repr(values["share"])) == ("2", "0.5")


@pytest.mark.parametrize(
    "sentinel",
    [
        "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
    ],
)
def test_an_unknown_of_any_type_is_unknown(sentinel: str) -> None:
    assert decode(encode({"port": sentinel})) == {"port": UNKNOWN}


def test_an_output_value_becomes_its_value_and_keeps_its_secrecy() -> None:
    def output(**more: object) -> struct_pb2.Struct:
        signature = {"4dabf18193072939515e22adb298388d": "d0e6a833031e9bbcd3f4e8bde6ca49a4"}
        return encode({"x": {**signature, "dependencies": ["urn"], **more}})

    assert decode(output(value=1)) == {"x": 1}
    assert decode(output(value=1, secret=True)) == {"x": Secret(1)}
    assert decode(output()) == {"x": UNKNOWN}


def test_an_asset_passes_through() -> None:
    asset = ASSET | {"path": "values.yaml"}
    assert decode(encode({"file": asset})) == {"file": asset}


def test_plain_takes_every_secret_off() -> None:
    assert plain({"a": Secret({"b": [Secret(1)]})}) == {"a": {"b": [1]}}


def test_an_unknown_is_found_however_deep() -> None:
    assert has_unknown({"a": [Secret({"b": UNKNOWN})]})
    assert not has_unknown({"a": [Secret({"b": 1})]})


def test_a_secret_does_not_show_itself() -> None:
    assert "hunter2" not in repr({"password": Secret("hunter2")})


def test_a_value_without_a_form_on_the_wire_is_refused() -> None:
    with pytest.raises(TypeError, match="object has no form in a property map"):
        encode({"x": object()})
