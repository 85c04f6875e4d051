"""How the bridge gets Terraform's state back from Pulumi's: the delta that it writes beside the outputs.

Only what the properties themselves do not say is in it: names, and which kind of thing an object or a list is
(docs/plugins.md, Exoscale states).
"""

from typing import Any

from sandbox.plugins.exoscale.schema import Input, Resource
from sandbox.plugins.properties import Properties

DELTA = "__pulumi_raw_state_delta"

_ATTRIBUTE = Input()  # how an output that is no input is seen


def delta(resource: Resource, state: Properties) -> Properties:
    """The delta of a whole resource.

    Args:
        state: its outputs, all of them known and none wrapped as a secret.
    """
    keys = (*resource.inputs, *resource.outputs)
    found = {key: _property(state[key], resource.inputs.get(key, _ATTRIBUTE)) for key in keys}
    renamed = {key: spec.terraform for key, spec in resource.inputs.items() if spec.terraform}
    return {"obj": _present(ps=_present(**found), renamed=renamed)}


def _property(value: Any, spec: Input) -> Properties:
    if not spec.flat:
        return _value(value)
    if value is None:  # an empty list where Terraform has a block; where it has an attribute, null as well
        return {"plu": {"i": {}}} if spec.block else {}
    return {"plu": {"i": _element(value)}}


def _value(value: Any) -> Properties:
    if isinstance(value, list):
        return {"arr": _present(el=_present(**{str(index): _element(item) for index, item in enumerate(value)}))}
    return {"map": {}} if isinstance(value, dict) else {}


def _element(value: Any) -> Properties:
    """Of what is in a list: none of the lists has maps in it, so a dictionary is an object."""
    if not isinstance(value, dict):
        return {}
    return {"obj": _present(ps=_present(**{key: _value(item) for key, item in value.items()}))}


def _present(**parts: Properties) -> Properties:
    return {key: part for key, part in parts.items() if part}
