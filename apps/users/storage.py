"""Accounts and signing keys in PostgreSQL."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Connection, DateTime, Integer, MetaData, Row, Table, Text, Uuid, select, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, insert

from apps.users.domain.accounts import Account, EmailTaken, Role
from apps.users.signing import Jwk, StoredKey
from chassis.storage import postgres

_tables = MetaData()

_accounts = Table(
    "accounts",
    _tables,
    Column("id", Uuid),
    Column("email", Text),
    Column("name", Text),
    Column("roles", ARRAY(Text)),
    Column("password_hash", Text),
    Column("created_at", DateTime(timezone=True)),
    Column("version", Integer),
)

_signing_keys = Table(
    "signing_keys",
    _tables,
    Column("kid", Text),
    Column("public_jwk", JSONB),
    Column("encrypted_private_key", Text),
    Column("created_at", DateTime(timezone=True)),
)
_NEWEST_FIRST = (_signing_keys.c.created_at.desc(), _signing_keys.c.kid)


class AccountRows:
    """See `apps.users.service.Accounts`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, account: Account) -> None:
        """One row; the unique address decides between two who register at the same time."""
        row = {column.name: getattr(account, column.name) for column in _accounts.columns}
        row["roles"] = sorted(account.roles)
        statement = insert(_accounts).values(row).on_conflict_do_nothing(index_elements=["email"])
        # The number of inserted rows is not to be had: SQLAlchemy lets go of the cursor before one can ask.
        if self._connection.scalar(statement.returning(_accounts.c.id)) is None:
            raise EmailTaken

    def get(self, account_id: UUID) -> Account | None:
        """By its key."""
        return self._one(_accounts.c.id == account_id)

    def find_by_email(self, email: str) -> Account | None:
        """By its address."""
        return self._one(_accounts.c.email == email)

    def _one(self, condition: Any) -> Account | None:
        row = self._connection.execute(select(_accounts).where(condition)).one_or_none()
        return None if row is None else _account(row)


class SigningKeyRows:
    """See `apps.users.service.SigningKeys`."""

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


class UnitOfWork(postgres.UnitOfWork):
    """One transaction of the users service."""

    @property
    def accounts(self) -> AccountRows:
        """The accounts."""
        return AccountRows(self.connection)

    @property
    def signing_keys(self) -> SigningKeyRows:
        """The signing keys."""
        return SigningKeyRows(self.connection)


def _account(row: Row[Any]) -> Account:
    fields = dict(row._mapping)  # noqa: SLF001 - public by its documentation
    return Account(**{**fields, "roles": frozenset(Role(role) for role in fields["roles"])})
