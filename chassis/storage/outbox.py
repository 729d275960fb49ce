"""The outbox as the relay sees it: stored events that wait for the broker, whatever the store."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from chassis.messaging.events import MAX_BYTES, Event, encode


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event as it waits in an outbox: ready to be sent, never to be interpreted again."""

    id: str
    type: str
    body: str
    traceparent: str | None

    @classmethod
    def of(cls, event: Event) -> "StoredEvent":
        """The event in the form in which every outbox keeps it. Raises ValueError for one that nobody would read."""
        body = encode(event)
        if len(body) > MAX_BYTES:
            raise ValueError(f"{event.type} of {len(body)} bytes is above the limit of {MAX_BYTES}")
        return cls(str(event.id), event.type, body, event.traceparent)


Publish = Callable[[Sequence[StoredEvent]], Collection[str]]
"""Sends the events and returns the ids of those that the broker confirmed."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """How much waits, and for how many seconds the oldest has."""

    events: int
    oldest_seconds: float


class Outbox(Protocol):
    """One service's outbox. Only its leader drains it; the others stand by."""

    def lead(self) -> bool:
        """Takes or keeps the lease on this outbox; False while another process holds it."""

    def drain(self, publish: Publish, limit: int, skip: Collection[str]) -> int:
        """Hands about `limit` events to `publish`, without those in `skip`, and removes the confirmed.

        Returns how many were removed. A crash in between sends them again: delivery is at least once.
        """

    def backlog(self) -> Backlog:
        """What waits now."""

    def forget(self, days: int) -> int:
        """Drops a part of the inbox's memory of events that were handled longer ago; returns how many, 0 at the end."""

    def resign(self) -> None:
        """Gives the lease back, also after an error; may be called at any time."""
