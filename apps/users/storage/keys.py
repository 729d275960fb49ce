"""Signing keys in PostgreSQL."""

from collections.abc import Sequence

from sqlalchemy import Column, Connection, DateTime, MetaData, Table, Text, select, text
from sqlalchemy.dialects.postgresql import JSONB

from apps.users.signing import Jwk, StoredKey

_signing_keys = Table(
    "signing_keys",
    MetaData(),
    Column("kid", Text),
    Column("public_jwk", JSONB),
    Column("encrypted_private_key", Text),
    Column("created_at", DateTime(timezone=True)),
)
_NEWEST_FIRST = (_signing_keys.c.created_at.desc(), _signing_keys.c.kid)


class SigningKeyRows:
    """See `apps.users.repositories.SigningKeys`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def lock(self) -> None:
        """Readers go on reading."""
        self._connection.execute(text("LOCK TABLE signing_keys IN SHARE ROW EXCLUSIVE MODE"))

    def add(self, key: StoredKey) -> None:
        """One row."""
        row = {column.name: getattr(key, column.name) for column in _signing_keys.columns}
        self._connection.execute(_signing_keys.insert().values(row))

    def newest(self) -> StoredKey | None:
        """The last one that was made."""
        row = self._connection.execute(select(_signing_keys).order_by(*_NEWEST_FIRST).limit(1)).one_or_none()
        return None if row is None else StoredKey(**row._mapping)  # noqa: SLF001 - public by its documentation

    def published(self) -> Sequence[Jwk]:
        """All of them: what must not be published any more is deleted."""
        return self._connection.scalars(select(_signing_keys.c.public_jwk).order_by(*_NEWEST_FIRST)).all()
