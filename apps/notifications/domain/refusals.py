"""Refusals: what a client is told when the rules say no. `code` is stable; the words may change.

Refusal
├── NotificationNotFound   there is none, or it is somebody else's
├── TicketInvalid          a ticket that is unknown, used or too old
├── TooManyTickets         more unused tickets than a user may have
└── TooManySockets         more open sockets than a user may have
"""

from typing import ClassVar


class Refusal(Exception):
    """A request that the rules do not allow."""

    code: ClassVar[str]


class NotificationNotFound(Refusal):
    """There is no such notification in the caller's inbox."""

    code = "not_found"


class TicketInvalid(Refusal):
    """The ticket is unknown, was used, or is too old: ask for a new one."""

    code = "ticket_invalid"


class TooManyTickets(Refusal):
    """Too many tickets were asked for and not used: use one, or wait until they expire."""

    code = "rate_limited"


class TooManySockets(Refusal):
    """Too many sockets of this user are open: close one first."""

    code = "rate_limited"
