"""Times: always UTC, written as RFC 3339; and spans of time that may change."""

from collections.abc import Callable
from datetime import UTC, datetime

Seconds = float | Callable[[], float]
"""A span of time, or what gives it at the moment of its use: for settings that change."""


def seconds_now(span: Seconds) -> float:
    """What the span is now."""
    return span() if callable(span) else span


def utc_now() -> datetime:
    """The current time, aware of its zone, in the milliseconds that MongoDB keeps."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def rfc3339(moment: datetime) -> str:
    """The moment as RFC 3339 in UTC with milliseconds, for instance 2026-01-02T03:04:05.678Z."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
