"""The use cases around sockets: tickets, and sessions that have ended."""

import hashlib
import secrets
from datetime import datetime
from uuid import UUID

from apps.notifications.domain.refusals import TicketInvalid, TooManyTickets
from apps.notifications.domain.sockets import TICKETS_PER_USER, EndedSession, Ticket
from apps.notifications.repositories import UnitOfWork

_TICKET_BYTES = 32


def issue(uow: UnitOfWork, ticket: Ticket) -> str:
    """A new ticket, of which only a hash is kept. Raises `TooManyTickets`."""
    secret = secrets.token_urlsafe(_TICKET_BYTES)
    with uow:
        uow.users.lock(ticket.user_id)
        if uow.sockets.unused_tickets(ticket.user_id) >= TICKETS_PER_USER:
            raise TooManyTickets("Too many tickets are not used yet.")
        uow.sockets.add_ticket(_hash(secret), ticket)
        uow.commit()
    return secret


def redeem(uow: UnitOfWork, secret: str) -> Ticket:
    """What the ticket says; it is spent by this. Raises `TicketInvalid`."""
    with uow:
        ticket = uow.sockets.take_ticket(_hash(secret))
        uow.commit()
    if ticket is None:
        raise TicketInvalid("The ticket is unknown, used or too old: ask for a new one.")
    return ticket


def end_sessions(uow: UnitOfWork, user_id: UUID, session_id: UUID | None, at: datetime) -> None:
    """Notes that a session has ended, or all of the user's."""
    with uow:
        uow.users.lock(user_id)
        uow.sockets.note_end(EndedSession(user_id, session_id, at))
        uow.commit()


def purge(uow: UnitOfWork) -> int:
    """Forgets old tickets and ended sessions; returns how many."""
    with uow:
        forgotten = uow.sockets.purge()
        uow.commit()
    return forgotten


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
