"""Accounts in PostgreSQL."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, Select, any_, column, func, literal, or_, select, table, update
from sqlalchemy.dialects.postgresql import insert

from apps.users.domain.accounts import Account, Language, Role
from apps.users.domain.refusals import EmailTaken
from apps.users.repositories import AccountFilter

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

    def search(self, wanted: AccountFilter, first: int, count: int) -> tuple[Sequence[Account], int]:
        """Looks for plain substrings: what somebody types holds no wildcards."""
        texts, words = (_accounts.c.name, _accounts.c.email), wanted.words.lower()
        found = select(_accounts).where(or_(*(func.strpos(func.lower(each), words) > 0 for each in texts)))
        if wanted.role is not None:
            found = found.where(literal(wanted.role.value) == any_(_accounts.c.roles))
        if wanted.active is not None:
            found = found.where(_accounts.c.active == wanted.active)
        total = self._connection.execute(select(func.count()).select_from(found.subquery())).scalar_one()
        if first >= total:
            return [], total
        page = self._connection.execute(found.order_by(_accounts.c.email).offset(first).limit(count))
        return [_account(row) for row in page], total

    def lock_admins(self) -> int:
        """In the order of their ids, so that two who do this do not wait in a circle."""
        admins = select(_accounts.c.id).where(literal(Role.ADMIN.value) == any_(_accounts.c.roles), _accounts.c.active)
        locking = admins.order_by(_accounts.c.id).with_for_update(key_share=True)
        return len(self._connection.execute(locking).all())

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
