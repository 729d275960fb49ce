"""Users, inboxes and the delivery log in PostgreSQL."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, TextClause, bindparam, text
from sqlalchemy.dialects.postgresql import JSONB

from apps.notifications.domain.kinds import Channel, Kind, Language
from apps.notifications.domain.notifications import Mail, MailStatus, Notification, Preferences, User
from apps.notifications.rows import NOTIFICATION, as_notification
from apps.notifications.socket_storage import SocketRows
from chassis.identifiers import new_id
from chassis.storage import postgres
from chassis.telemetry import current_traceparent

FRESH_SECONDS = 10
"""After so long the sweep takes care of a new mail: whoever made it has died before telling a worker."""

CLAIM_SECONDS = 60
"""How long one attempt may take; longer than all time-outs of a conversation with the mail server."""

_USER = "id, email, name, roles, language, active, version"

_FIND_USER = text(f"SELECT {_USER} FROM users WHERE id = :id")  # noqa: S608 - a constant
_LOCK_USER = text(f"SELECT {_USER} FROM users WHERE id = :id FOR UPDATE")  # noqa: S608 - as above
_MEET_USER = text("INSERT INTO users (id) VALUES (:id) ON CONFLICT DO NOTHING")
_KEEP_USER = text("""
INSERT INTO users (id, email, name, roles, language, active, version)
VALUES (:id, :email, :name, :roles, :language, :active, :version)
ON CONFLICT (id) DO UPDATE SET email = excluded.email, name = excluded.name, roles = excluded.roles,
    language = excluded.language, active = excluded.active, version = excluded.version
WHERE users.version < excluded.version
""")
_NEXT_NUMBER = text("UPDATE users SET notified = notified + 1 WHERE id = :id RETURNING notified")
_WITH_ROLE = text("SELECT id FROM users WHERE roles @> ARRAY[:role] AND active")
_PREFERENCES = text("SELECT kind, channel, enabled FROM preferences WHERE user_id = :id")
_FORGET_PREFERENCES = text("DELETE FROM preferences WHERE user_id = :id")
_PREFER = text("INSERT INTO preferences (user_id, kind, channel, enabled) VALUES (:id, :kind, :channel, :enabled)")

_HAS = text("SELECT EXISTS (SELECT FROM notifications WHERE user_id = :user AND kind = :kind AND subject = :subject)")
_ADD = text("""
INSERT INTO notifications (id, user_id, number, kind, subject, order_id, details, push, created_at)
VALUES (:id, :user_id, :number, :kind, :subject, :order_id, :details, :push, :created_at)
""").bindparams(bindparam("details", type_=JSONB))
_FILTER = "user_id = :user AND (CAST(:unread AS boolean) IS NULL OR (read_at IS NULL) = :unread)"
_COUNT = text(f"SELECT count(*) FROM notifications WHERE {_FILTER}")  # noqa: S608 - a constant
_PAGE = text(
    f"SELECT {NOTIFICATION} FROM notifications WHERE {_FILTER}"  # noqa: S608 - as above
    " ORDER BY number DESC LIMIT :count OFFSET :first"
)
_READ = text("UPDATE notifications SET read_at = coalesce(read_at, now()) WHERE user_id = :user AND id = :id")
_READ_ALL = text("UPDATE notifications SET read_at = now() WHERE user_id = :user AND read_at IS NULL")

_ADD_MAIL = text("""
INSERT INTO deliveries (id, notification_id, channel, traceparent, due_at)
VALUES (:id, :notification, :channel, :traceparent, now() + make_interval(secs => :fresh))
""")
_TAKE_OF = text("""
UPDATE deliveries SET due_at = now() + make_interval(secs => :fresh)
FROM notifications WHERE notifications.id = notification_id AND user_id = :user AND status = 'pending' AND attempts = 0
RETURNING deliveries.id
""")
_TAKE_DUE = text("""
UPDATE deliveries SET due_at = now() + make_interval(secs => :claim) WHERE id IN (
    SELECT id FROM deliveries WHERE status = 'pending' AND due_at <= now()
    ORDER BY due_at LIMIT :limit FOR UPDATE SKIP LOCKED
) RETURNING id
""")
_CLAIM = text(f"""
WITH claimed AS (
    UPDATE deliveries SET attempts = attempts + 1, claimed_until = now() + make_interval(secs => :claim),
        due_at = now() + make_interval(secs => :claim)
    FROM notifications JOIN users ON users.id = user_id
    WHERE deliveries.id = :id AND notifications.id = notification_id AND status = 'pending' AND email IS NOT NULL
        AND (claimed_until IS NULL OR claimed_until < now())
    RETURNING deliveries.id AS mail_id, notification_id, attempts, deliveries.created_at AS noted_at, traceparent
)
SELECT mail_id, attempts, noted_at, traceparent, {NOTIFICATION} FROM claimed
JOIN notifications ON id = notification_id
""")  # noqa: S608 - a constant
_POSTPONE = text("""
UPDATE deliveries SET due_at = :until, claimed_until = NULL, answer = :answer WHERE id = :id AND status = 'pending'
""")
_DELAY = text("""
UPDATE deliveries SET due_at = :until
WHERE id = :id AND status = 'pending' AND (claimed_until IS NULL OR claimed_until < now())
""")
_SETTLE = text("""
UPDATE deliveries SET status = :status, answer = :answer, claimed_until = NULL, settled_at = now()
WHERE id = :id AND status = 'pending'
""")
_BACKLOG = text("""
SELECT count(*), coalesce(extract(epoch FROM now() - min(created_at)), 0) FROM deliveries WHERE status = 'pending'
""")


class UserRows:
    """See `repositories.Users`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, user_id: UUID) -> User | None:
        """By its key."""
        return self._one(_FIND_USER, user_id)

    def keep(self, user: User) -> None:
        """One row, guarded by the version."""
        row = {**vars(user), "roles": sorted(user.roles)}
        self._connection.execute(_KEEP_USER, row)

    def lock(self, user_id: UUID) -> User:
        """An unknown user gets a row first, since what is not there cannot be locked."""
        self._connection.execute(_MEET_USER, {"id": user_id})
        return self._one(_LOCK_USER, user_id) or User(user_id)

    def next_number(self, user_id: UUID) -> int:
        """Counted in the user's row."""
        return int(self._connection.execute(_NEXT_NUMBER, {"id": user_id}).scalar_one())

    def with_role(self, role: str) -> Collection[UUID]:
        """By the index of roles."""
        return self._connection.execute(_WITH_ROLE, {"role": role}).scalars().all()

    def preferences(self, user_id: UUID) -> Preferences:
        """A few rows at most; a kind that there is no more is left out."""
        rows = self._connection.execute(_PREFERENCES, {"id": user_id})
        return {(Kind(kind), Channel(channel)): on for kind, channel, on in rows if kind in set(Kind)}

    def prefer(self, user_id: UUID, chosen: Preferences) -> None:
        """Under the user's lock, so that two at once do not mix."""
        self.lock(user_id)
        self._connection.execute(_FORGET_PREFERENCES, {"id": user_id})
        rows = [
            {"id": user_id, "kind": kind, "channel": channel, "enabled": on} for (kind, channel), on in chosen.items()
        ]
        if rows:
            self._connection.execute(_PREFER, rows)

    def _one(self, statement: TextClause, user_id: UUID) -> User | None:
        row = self._connection.execute(statement, {"id": user_id}).one_or_none()
        if row is None:
            return None
        fields = dict(row._mapping)  # noqa: SLF001 - public by its documentation
        return User(**{**fields, "roles": frozenset(row.roles), "language": Language(row.language)})


class NotificationRows:
    """See `repositories.Notifications`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def has(self, user_id: UUID, kind: Kind, subject: str) -> bool:
        """Told by the unique key; the caller has locked the user."""
        return bool(self._connection.scalar(_HAS, {"user": user_id, "kind": kind, "subject": subject}))

    def add(self, notification: Notification, subject: str, *, push: bool) -> None:
        """One row."""
        self._connection.execute(_ADD, {**vars(notification), "subject": subject, "push": push})

    def page(self, user_id: UUID, *, unread: bool | None, first: int, count: int) -> tuple[Sequence[Notification], int]:
        """By number, which is the order of their making."""
        wanted = {"user": user_id, "unread": unread}
        total = int(self._connection.execute(_COUNT, wanted).scalar_one())
        rows = self._connection.execute(_PAGE, {**wanted, "first": first, "count": count})
        return [as_notification(row) for row in rows], total

    def read(self, user_id: UUID, notification_id: UUID) -> bool:
        """The first time counts."""
        return bool(self._connection.execute(_READ, {"user": user_id, "id": notification_id}).rowcount)

    def read_all(self, user_id: UUID) -> None:
        """By the index of unread ones."""
        self._connection.execute(_READ_ALL, {"user": user_id})


class DeliveryRows:
    """See `repositories.Deliveries`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, notification_id: UUID, channel: Channel) -> UUID:
        """With the trace that it belongs to."""
        mail_id = new_id()
        row = {"id": mail_id, "notification": notification_id, "channel": channel, "fresh": FRESH_SECONDS}
        self._connection.execute(_ADD_MAIL, {**row, "traceparent": current_traceparent()})
        return mail_id

    def take_of(self, user_id: UUID) -> list[UUID]:
        """Those that were never tried."""
        return self._ids(_TAKE_OF, user=user_id, fresh=FRESH_SECONDS)

    def take_due(self, limit: int) -> list[UUID]:
        """Skips what another has locked."""
        return self._ids(_TAKE_DUE, limit=limit, claim=CLAIM_SECONDS)

    def claim(self, mail_id: UUID) -> Mail | None:
        """One of several who try at once gets it."""
        row = self._connection.execute(_CLAIM, {"id": mail_id, "claim": CLAIM_SECONDS}).one_or_none()
        if row is None:
            return None
        recipient = UserRows(self._connection).find(row.user_id) or User(row.user_id)
        return Mail(row.mail_id, as_notification(row), recipient, row.attempts, row.noted_at, row.traceparent)

    def postpone(self, mail_id: UUID, until: datetime, answer: str) -> None:
        """Due again at that time."""
        self._connection.execute(_POSTPONE, {"id": mail_id, "until": until, "answer": answer})

    def delay(self, mail_id: UUID, until: datetime) -> None:
        """A claimed one is in good hands."""
        self._connection.execute(_DELAY, {"id": mail_id, "until": until})

    def settle(self, mail_id: UUID, status: MailStatus, answer: str) -> bool:
        """Once."""
        row = {"id": mail_id, "status": status, "answer": answer}
        return bool(self._connection.execute(_SETTLE, row).rowcount)

    def backlog(self) -> tuple[int, float]:
        """By the index of pending ones."""
        count, age = self._connection.execute(_BACKLOG).one()
        return int(count), float(age)

    def _ids(self, statement: TextClause, **values: object) -> list[UUID]:
        return list(self._connection.execute(statement, values).scalars())


class UnitOfWork(postgres.UnitOfWork):
    """One transaction of the notifications service."""

    @property
    def users(self) -> UserRows:
        """The users."""
        return UserRows(self.connection)

    @property
    def notifications(self) -> NotificationRows:
        """The inboxes."""
        return NotificationRows(self.connection)

    @property
    def deliveries(self) -> DeliveryRows:
        """The delivery log."""
        return DeliveryRows(self.connection)

    @property
    def sockets(self) -> SocketRows:
        """What sockets need."""
        return SocketRows(self.connection)
