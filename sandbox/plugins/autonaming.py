"""Names that a plugin generates for resources without a name in the program."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from enum import Enum


class AutonamingMode(Enum):
    """The mode of the stack's `pulumi:autonaming` setting; the values are those of the protocol."""

    PROPOSE = 0
    ENFORCE = 1
    DISABLE = 2


@dataclass(frozen=True)
class Autonaming:
    """The engine's proposal for one resource's name."""

    mode: AutonamingMode
    proposed_name: str = ""


def unique_name(prefix: str, seed: bytes, digits: int) -> str:
    """`<prefix>-<lower-case hex digits>`, the same for the same seed; random without one.

    Args:
        seed: the engine's randomSeed; it sends the same for preview and update of a plan.
        digits: 7 for exoscale, 8 for kubernetes.
    """
    suffix = hmac.new(seed, prefix.encode(), hashlib.sha256).hexdigest() if seed else secrets.token_hex(16)
    return f"{prefix}-{suffix[:digits]}"


def automatic_name(prefix: str, seed: bytes, autonaming: Autonaming | None, digits: int) -> str | None:
    """Returns the name to use, or None if the stack forbids generated names."""
    if autonaming is None:
        return unique_name(prefix, seed, digits)
    if autonaming.mode is AutonamingMode.DISABLE:
        return None
    return autonaming.proposed_name or unique_name(prefix, seed, digits)
