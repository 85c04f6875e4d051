"""Names that a plugin makes up for resources whose program gives none."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from enum import Enum


class AutonamingMode(Enum):
    """Modes of the stack's `pulumi:autonaming` setting; the values are those of the wire."""

    PROPOSE = 0
    ENFORCE = 1
    DISABLE = 2


@dataclass(frozen=True)
class Autonaming:
    """The engine's wish for one resource's name."""

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
    """The name to give, or None where the stack forbids made-up names."""
    if autonaming is None:
        return unique_name(prefix, seed, digits)
    if autonaming.mode is AutonamingMode.DISABLE:
        return None
    return autonaming.proposed_name or unique_name(prefix, seed, digits)
