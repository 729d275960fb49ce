"""The timeline of an order: what happened to it, in the order in which orders came to know."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened: an event of orders, or an answer of inventory that moved the order."""

    at: datetime
    type: str
    source: str
    detail: str
    trace_id: str | None


@dataclass(frozen=True, slots=True)
class Timeline:
    """All that happened to one order, oldest first, and whose order it is."""

    customer_id: UUID
    entries: tuple[Entry, ...]
