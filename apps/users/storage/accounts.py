"""Accounts in PostgreSQL."""

from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, Select, column, select, table, update
from sqlalchemy.dialects.postgresql import insert

from apps.users.domain.accounts import Account, Language, Role
from apps.users.domain.refusals import EmailTaken

_COLUMNS = ("id", "email", "name", "roles", "password_hash", "created_at", "version", "language", "active")
_accounts = table("accounts", *map(column, _COLUMNS))


class AccountRows:
    """See `apps.users.repositories.Accounts`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, account: Account) -> None:
        """One row; the unique address decides between two who register at the same time."""
        adding = insert(_accounts).values(_row(account)).on_conflict_do_nothing(index_elements=["email"])
        # The number of inserted rows is not to be had: SQLAlchemy lets go of the cursor before one can ask.
        if self._connection.scalar(adding.returning(_accounts.c.id)) is None:
            raise EmailTaken

    def get(self, account_id: UUID) -> Account | None:
        """By its key."""
        return self._one(select(_accounts).where(_accounts.c.id == account_id))

    def lock(self, account_id: UUID) -> Account | None:
        """Readers go on reading, and sessions may be opened that only point to it."""
        return self._one(select(_accounts).where(_accounts.c.id == account_id).with_for_update(key_share=True))

    def save(self, account: Account) -> None:
        """All columns of the row."""
        self._connection.execute(update(_accounts).where(_accounts.c.id == account.id).values(_row(account)))

    def find_by_email(self, email: str) -> Account | None:
        """By its address."""
        return self._one(select(_accounts).where(_accounts.c.email == email))

    def _one(self, query: Select[Any]) -> Account | None:
        row = self._connection.execute(query).one_or_none()
        return None if row is None else _account(row)


def _row(account: Account) -> dict[str, Any]:
    return {**{name: getattr(account, name) for name in _COLUMNS}, "roles": sorted(account.roles)}


def _account(row: Row[Any]) -> Account:
    fields = dict(row._mapping)  # noqa: SLF001 - public by its documentation
    roles = frozenset(Role(role) for role in fields["roles"])
    return Account(**{**fields, "roles": roles, "language": Language(fields["language"])})
