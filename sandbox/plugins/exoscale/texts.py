"""Values as Go writes them."""

from datetime import UTC, datetime


def go_time(timestamp: str) -> str:
    """`2026-11-23 07:00:00 +0000 UTC` for an RFC 3339 time: what the provider keeps as createdAt."""
    moment = datetime.fromisoformat(timestamp).astimezone(UTC)
    return f"{moment:%Y-%m-%d %H:%M:%S} +0000 UTC"
