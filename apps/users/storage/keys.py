"""Signing keys in PostgreSQL."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, DateTime, MetaData, Select, Table, Text, delete, or_, select, text, update
from sqlalchemy.dialects.postgresql import JSONB

from apps.users.signing import Jwk, StoredKey

_signing_keys = Table(
    "signing_keys",
    MetaData(),
    Column("kid", Text),
    Column("public_jwk", JSONB),
    Column("encrypted_private_key", Text),
    Column("created_at", DateTime(timezone=True)),
    Column("signs_from", DateTime(timezone=True)),
    Column("published_until", DateTime(timezone=True)),
)
_NEWEST_FIRST = (_signing_keys.c.signs_from.desc(), _signing_keys.c.kid)


class SigningKeyRows:
    """See `apps.users.repositories.SigningKeys`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def lock(self) -> None:
        """Readers go on reading."""
        self._connection.execute(text("LOCK TABLE signing_keys IN SHARE ROW EXCLUSIVE MODE"))

    def add(self, key: StoredKey) -> None:
        """One row."""
        self._connection.execute(_signing_keys.insert().values(_row(key)))

    def save(self, key: StoredKey) -> None:
        """All columns of the row."""
        self._connection.execute(update(_signing_keys).where(_signing_keys.c.kid == key.kid).values(_row(key)))

    def all(self) -> Sequence[StoredKey]:
        """All rows."""
        return self._found(select(_signing_keys).order_by(*_NEWEST_FIRST))

    def newest(self) -> StoredKey | None:
        """The last one that was made."""
        return next(iter(self._found(select(_signing_keys).order_by(*_NEWEST_FIRST).limit(1))), None)

    def signing(self, now: datetime) -> StoredKey | None:
        """The newest whose time has come."""
        started = select(_signing_keys).where(_signing_keys.c.signs_from <= now)
        return next(iter(self._found(started.order_by(*_NEWEST_FIRST).limit(1))), None)

    def published(self, now: datetime) -> Sequence[Jwk]:
        """Those whose time is not over."""
        until = _signing_keys.c.published_until
        live = select(_signing_keys.c.public_jwk).where(or_(until.is_(None), until > now))
        return self._connection.scalars(live.order_by(*_NEWEST_FIRST)).all()

    def withdraw_all(self, until: datetime) -> None:
        """Those that were withdrawn before keep their time."""
        endless = update(_signing_keys).where(_signing_keys.c.published_until.is_(None))
        self._connection.execute(endless.values(published_until=until))

    def remove_withdrawn(self, now: datetime) -> int:
        """Deletes the rows."""
        return self._connection.execute(delete(_signing_keys).where(_signing_keys.c.published_until <= now)).rowcount

    def _found(self, query: Select[Any]) -> Sequence[StoredKey]:
        return [StoredKey(**row._mapping) for row in self._connection.execute(query)]  # noqa: SLF001 - public by its documentation


def _row(key: StoredKey) -> dict[str, Any]:
    return {column.name: getattr(key, column.name) for column in _signing_keys.columns}
