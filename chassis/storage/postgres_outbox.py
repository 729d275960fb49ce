"""The outbox of a PostgreSQL service. The lease is an advisory lock: it ends with its holder's session.

A session whose holder says nothing ends by itself, so nobody leads on who is frozen, or cut off from the database.
"""

from collections.abc import Collection

from sqlalchemy import Connection, Engine, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY, UUID

from chassis.storage.outbox import Backlog, Publish, StoredEvent

FORGET_AT_ONCE = 5_000
LEASE_SECONDS = 15  # more than a batch may wait for its confirms

_LOCK_KEY = 0x6F7574626F78  # "outbox"; each service has a database of its own, so one key serves all

# Never "seq > the last one seen": a sequence number is taken before its commit, and a late commit would be skipped.
_CLAIM = text(
    "SELECT id::text, type, body, traceparent FROM outbox WHERE id <> ALL(:skip)"
    " ORDER BY seq LIMIT :limit FOR UPDATE SKIP LOCKED"
).bindparams(bindparam("skip", type_=ARRAY(UUID(as_uuid=False))))
_REMOVE = text("DELETE FROM outbox WHERE id = ANY(:ids)").bindparams(bindparam("ids", type_=ARRAY(UUID(as_uuid=False))))
_FORGET = text(
    "DELETE FROM inbox WHERE event_id IN (SELECT event_id FROM inbox"
    " WHERE received_at < now() - make_interval(days => :days) LIMIT :limit)"
)
_BACKLOG = text("SELECT count(*), coalesce(extract(epoch FROM now() - min(created_at)), 0) FROM outbox")


class PostgresOutbox:
    """See `chassis.storage.outbox.Outbox`. Used by one thread, the relay's."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection | None = None  # kept while it leads: an advisory lock belongs to its session

    def lead(self) -> bool:
        """Takes the advisory lock, or keeps it: losing the connection loses it, which `drain` then reports."""
        if self._connection is not None:
            return True
        connection = self._engine.connect()
        if connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": _LOCK_KEY}):
            for state in ("idle_session", "idle_in_transaction_session"):
                connection.execute(text(f"SET {state}_timeout = '{LEASE_SECONDS}s'"))
            connection.commit()
            self._connection = connection
            return True
        connection.close()
        return False

    def drain(self, publish: Publish, limit: int, skip: Collection[str]) -> int:
        """Claims, publishes and deletes in one transaction."""
        if self._connection is None:
            raise RuntimeError("drain() without lead()")
        with self._connection.begin():
            rows = self._connection.execute(_CLAIM, {"skip": list(skip), "limit": limit}).all()
            if not rows:
                return 0
            confirmed = list(publish([StoredEvent(*row) for row in rows]))
            if confirmed:
                self._connection.execute(_REMOVE, {"ids": confirmed})
            return len(confirmed)

    def backlog(self) -> Backlog:
        """Counts in the leader's session, which shows that it lives, also while nothing can be published."""
        if self._connection is None:
            raise RuntimeError("backlog() without lead()")
        with self._connection.begin():
            count, age = self._connection.execute(_BACKLOG).one()
        return Backlog(count, float(age))

    def forget(self, days: int) -> int:
        """Deletes rows of the inbox, so many that it takes a moment, with a connection of the pool."""
        with self._engine.begin() as connection:
            return connection.execute(_FORGET, {"days": days, "limit": FORGET_AT_ONCE}).rowcount

    def resign(self) -> None:
        """Ends the session, and with it the lock: a pooled connection would keep it."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.invalidate()
            connection.close()
