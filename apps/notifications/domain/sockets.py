"""Who may open a socket, for how long, and why one ends."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from uuid import UUID

TICKET_SECONDS = 30
TICKETS_PER_USER = 20  # not used yet
FROM_THE_BEGINNING = UUID(int=0)
"""As `after`: all there is."""


@dataclass(frozen=True)
class Ticket:
    """Lets its user open one socket, for as long as the access token lives that it was asked for with."""

    user_id: UUID
    session_id: UUID | None
    issued_at: datetime
    access_ends_at: datetime


@dataclass(frozen=True)
class EndedSession:
    """A session that has ended before its time, or all of a user's that were there then (no id)."""

    user_id: UUID
    session_id: UUID | None
    at: datetime

    def ends(self, ticket: Ticket) -> bool:
        """Whether the ticket was asked for in it."""
        if self.session_id is None:
            return self.user_id == ticket.user_id and ticket.issued_at <= self.at
        return self.session_id == ticket.session_id


class End(Enum):
    """Why the server ends a socket: the close code, and the reason beside it."""

    TOKEN_EXPIRED = (4401, "token_expired")
    LOGGED_OUT = (4402, "logged_out")
    DEACTIVATED = (4403, "deactivated")
    STOPPING = (1001, "stopping")

    @property
    def code(self) -> int:
        """The close code."""
        return self.value[0]

    @property
    def reason(self) -> str:
        """A stable word."""
        return self.value[1]


KEPT = timedelta(days=1)
"""How long an ended session is remembered: longer than any access token of it lives."""
