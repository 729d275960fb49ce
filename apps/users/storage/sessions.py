"""Sessions and refresh tokens in PostgreSQL. The session's row is the lock over its whole family."""

from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    DateTime,
    LargeBinary,
    MetaData,
    Table,
    TextClause,
    Uuid,
    select,
    text,
    update,
)

from apps.users.domain.sessions import RefreshToken, Session

_tables = MetaData()

_sessions = Table(
    "sessions",
    _tables,
    Column("id", Uuid),
    Column("account_id", Uuid),
    Column("created_at", DateTime(timezone=True)),
    Column("expires_at", DateTime(timezone=True)),
    Column("revoked_at", DateTime(timezone=True)),
)

_refresh_tokens = Table(
    "refresh_tokens",
    _tables,
    Column("digest", LargeBinary),
    Column("session_id", Uuid),
    Column("expires_at", DateTime(timezone=True)),
    Column("spent_at", DateTime(timezone=True)),
    Column("sealed_answer", LargeBinary),
)

_FORGET_ANSWERS = text("""
UPDATE refresh_tokens SET sealed_answer = NULL WHERE digest IN (
    SELECT digest FROM refresh_tokens WHERE sealed_answer IS NOT NULL AND spent_at < :before
    LIMIT :count FOR UPDATE SKIP LOCKED
)""")
_REMOVE_DEAD = text("""
DELETE FROM sessions WHERE id IN (
    SELECT id FROM sessions WHERE least(expires_at, revoked_at) < :before LIMIT :count FOR UPDATE SKIP LOCKED
)""")
_REMOVE_EXPIRED = text("""
DELETE FROM refresh_tokens WHERE digest IN (
    SELECT digest FROM refresh_tokens WHERE expires_at < :before LIMIT :count FOR UPDATE SKIP LOCKED
)""")


class SessionRows:
    """See `apps.users.repositories.Sessions`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, session: Session) -> None:
        """One row."""
        self._connection.execute(_sessions.insert().values(asdict(session)))

    def lock(self, session_id: UUID) -> Session | None:
        """Waits for whoever refreshes or ends it at this moment."""
        return self._locked(_sessions.c.id == session_id)

    def lock_by_token(self, digest: bytes) -> Session | None:
        """As `lock`. The token is read after that, since the one who was waited for may have spent it."""
        of_token = select(_refresh_tokens.c.session_id).where(_refresh_tokens.c.digest == digest)
        return self._locked(_sessions.c.id == of_token.scalar_subquery())

    def revoke(self, session_id: UUID, now: datetime) -> None:
        """Marks the row; its tokens stay, so that a theft is noticed after it, too."""
        self._connection.execute(update(_sessions).where(_sessions.c.id == session_id).values(revoked_at=now))

    def revoke_all(self, account_id: UUID, now: datetime) -> int:
        """Marks the rows of those that have not ended."""
        living = (_sessions.c.account_id == account_id) & _sessions.c.revoked_at.is_(None)
        revoking = update(_sessions).where(living).values(revoked_at=now)
        return self._connection.execute(revoking).rowcount

    def add_token(self, token: RefreshToken) -> None:
        """One row."""
        self._connection.execute(_refresh_tokens.insert().values(asdict(token)))

    def token(self, digest: bytes) -> RefreshToken | None:
        """By its digest."""
        row = self._connection.execute(select(_refresh_tokens).where(_refresh_tokens.c.digest == digest)).one_or_none()
        return None if row is None else RefreshToken(**row._mapping)  # noqa: SLF001 - public by its documentation

    def spend(self, digest: bytes, now: datetime, sealed_answer: bytes) -> None:
        """Marks the row."""
        spending = update(_refresh_tokens).where(_refresh_tokens.c.digest == digest)
        self._connection.execute(spending.values(spent_at=now, sealed_answer=sealed_answer))

    def forget_answers(self, before: datetime, count: int) -> int:
        """Skips what another one clears away at this moment."""
        return self._clear(_FORGET_ANSWERS, before, count)

    def remove_dead(self, before: datetime, count: int) -> int:
        """As `forget_answers`. The tokens go with their session."""
        return self._clear(_REMOVE_DEAD, before, count)

    def remove_expired_tokens(self, before: datetime, count: int) -> int:
        """As `forget_answers`."""
        return self._clear(_REMOVE_EXPIRED, before, count)

    def _clear(self, statement: TextClause, before: datetime, count: int) -> int:
        return self._connection.execute(statement, {"before": before, "count": count}).rowcount

    def _locked(self, condition: ColumnElement[Any]) -> Session | None:
        row = self._connection.execute(select(_sessions).where(condition).with_for_update()).one_or_none()
        return None if row is None else Session(**row._mapping)  # noqa: SLF001 - public by its documentation
