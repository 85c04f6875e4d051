"""Formats values as Go does."""

from datetime import UTC, datetime


def go_time(timestamp: str) -> str:
    """Formats an RFC 3339 time as `2026-11-23 07:00:00 +0000 UTC`, as in the provider's createdAt."""
    moment = datetime.fromisoformat(timestamp).astimezone(UTC)
    return f"{moment:%Y-%m-%d %H:%M:%S} +0000 UTC"
