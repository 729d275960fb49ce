"""Identifiers: UUIDv7 (RFC 9562), so that keys sort by the time of their making."""

from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """A fresh UUIDv7."""
    return uuid7()


def parse_id(text: str) -> UUID | None:
    """The UUID that the text spells, or None. A path with anything else is a 404, never an error."""
    try:
        return UUID(text)
    except ValueError:
        return None
