"""What sockets need of PostgreSQL: tickets, ended sessions, and a user's notifications in their order."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from sqlalchemy import Connection, text

from apps.notifications.domain.kinds import Language
from apps.notifications.domain.notifications import Notification
from apps.notifications.domain.sockets import FROM_THE_BEGINNING, KEPT, TICKET_SECONDS, EndedSession, Ticket
from apps.notifications.rows import NOTIFICATION, as_notification

_ADD_TICKET = text("""
INSERT INTO tickets (hash, user_id, session_id, issued_at, access_ends_at, expires_at)
VALUES (:hash, :user_id, :session_id, :issued_at, :access_ends_at, now() + make_interval(secs => :seconds))
""")
_UNUSED = text("SELECT count(*) FROM tickets WHERE user_id = :user AND expires_at > now()")
_TAKE_TICKET = text("""
DELETE FROM tickets WHERE hash = :hash
RETURNING user_id, session_id, issued_at, access_ends_at, expires_at > now() AS good
""")
_NOTE_END = text("""
INSERT INTO ended_sessions (user_id, session_id, at) VALUES (:user_id, :session_id, :at) ON CONFLICT DO NOTHING
""")
_ENDED = text("SELECT user_id, session_id, at FROM ended_sessions WHERE user_id = ANY(:users)")
_INACTIVE = text("SELECT id FROM users WHERE id = ANY(:users) AND NOT active")
_PURGE = (
    text("DELETE FROM tickets WHERE expires_at < now()"),
    text("DELETE FROM ended_sessions WHERE at < now() - CAST(:kept AS interval)").bindparams(kept=KEPT),
)
_NEWEST = text("SELECT notified FROM users WHERE id = :user")
_NEWEST_OF = text("SELECT id, notified FROM users WHERE id = ANY(:users)")
_NUMBER = text("SELECT number FROM notifications WHERE user_id = :user AND id = :id")
_LANGUAGE = text("SELECT language FROM users WHERE id = :user")
_AFTER = text(
    f"SELECT {NOTIFICATION} FROM notifications"  # noqa: S608 - a constant
    " WHERE user_id = :user AND number > :number AND push ORDER BY number LIMIT :limit"
)


class SocketRows:
    """See `repositories.Sockets`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add_ticket(self, digest: bytes, ticket: Ticket) -> None:
        """One row."""
        self._connection.execute(_ADD_TICKET, {**vars(ticket), "hash": digest, "seconds": TICKET_SECONDS})

    def unused_tickets(self, user_id: UUID) -> int:
        """By the index of users."""
        return int(self._connection.execute(_UNUSED, {"user": user_id}).scalar_one())

    def take_ticket(self, digest: bytes) -> Ticket | None:
        """One of several who try at once gets it."""
        row = self._connection.execute(_TAKE_TICKET, {"hash": digest}).one_or_none()
        if row is None or not row.good:
            return None
        return Ticket(row.user_id, row.session_id, row.issued_at, row.access_ends_at)

    def note_end(self, ended: EndedSession) -> None:
        """Once."""
        self._connection.execute(_NOTE_END, vars(ended))

    def ended(self, user_ids: Collection[UUID]) -> Sequence[EndedSession]:
        """Of the last day."""
        rows = self._connection.execute(_ENDED, {"users": list(user_ids)})
        return [EndedSession(row.user_id, row.session_id, row.at) for row in rows]

    def inactive(self, user_ids: Collection[UUID]) -> Collection[UUID]:
        """By their keys."""
        return set(self._connection.execute(_INACTIVE, {"users": list(user_ids)}).scalars())

    def purge(self) -> int:
        """What is too old to matter."""
        return sum(self._connection.execute(statement).rowcount for statement in _PURGE)

    def newest(self, user_id: UUID) -> int:
        """0 of an unknown user."""
        return int(self._connection.execute(_NEWEST, {"user": user_id}).scalar_one_or_none() or 0)

    def newest_of(self, user_ids: Collection[UUID]) -> Mapping[UUID, int]:
        """By their keys."""
        return {row.id: row.notified for row in self._connection.execute(_NEWEST_OF, {"users": list(user_ids)})}

    def number_of(self, user_id: UUID, notification_id: UUID) -> int | None:
        """By its id."""
        if notification_id == FROM_THE_BEGINNING:
            return 0
        found: int | None = self._connection.scalar(_NUMBER, {"user": user_id, "id": notification_id})
        return found

    def after(self, user_id: UUID, number: int, limit: int) -> tuple[Language, list[Notification]]:
        """By number, without those that the user does not want to be pushed."""
        rows = self._connection.execute(_AFTER, {"user": user_id, "number": number, "limit": limit}).all()
        language = self._connection.scalar(_LANGUAGE, {"user": user_id}) if rows else None
        return Language.of(language), [as_notification(row) for row in rows]
