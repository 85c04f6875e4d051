"""Why an address is refused, in the words of the plugin's validator (docs/plugins.md, Exoscale inputs)."""

import ipaddress
from typing import Any


def invalid_network(attribute: str, value: Any) -> str | None:
    """Returns why a value is not a network in CIDR form, or None."""
    try:
        interface: ipaddress.IPv4Interface | ipaddress.IPv6Interface | None = ipaddress.ip_interface(str(value))
    except ValueError:
        interface = None
    if interface is None or "/" not in str(value):
        return f"expected {attribute} to contain a valid Value, got: {value} with err: invalid CIDR address: {value}"
    if str(interface.network) != str(value):
        return f"expected {attribute} to contain a valid network Value, expected {interface.network}, got {value}"
    return None
