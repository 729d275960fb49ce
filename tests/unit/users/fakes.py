"""Fakes of what the users service works with."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from types import TracebackType
from typing import Self
from uuid import UUID

from pydantic import BaseModel

from apps.users.domain.accounts import Account, EmailTaken, Registration
from apps.users.passwords import HashCost
from apps.users.signing import Jwk, KeyCipher, StoredKey
from apps.users.tokens import TokenIssuer

SECRET = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
OTHER_SECRET = "ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA="
CHEAP = HashCost(memory_kib=8, passes=1, lanes=1, at_once=2)


@dataclass
class Database:
    """What was committed."""

    accounts: dict[UUID, Account] = field(default_factory=dict)
    keys: list[StoredKey] = field(default_factory=list)
    events: list[BaseModel] = field(default_factory=list)


class FakeUnitOfWork:
    """A transaction over a `Database`, and its repositories in one."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @property
    def accounts(self) -> "FakeAccounts":
        """The accounts."""
        return FakeAccounts(self._accounts)

    @property
    def signing_keys(self) -> "FakeSigningKeys":
        """The signing keys."""
        return FakeSigningKeys(self._keys)

    def __enter__(self) -> Self:
        self._accounts = dict(self._database.accounts)
        self._keys = list(self._database.keys)
        self._events: list[BaseModel] = []
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        del self._accounts, self._keys, self._events

    def publish(self, event: BaseModel, *, subject: str, sequence: int, correlation: str | None = None) -> None:
        """Notes the event."""
        self._events.append(event)

    def commit(self) -> None:
        """Keeps all of it."""
        self._database.accounts = self._accounts
        self._database.keys = self._keys
        self._database.events += self._events


class FakeAccounts:
    """See `apps.users.service.Accounts`."""

    def __init__(self, accounts: dict[UUID, Account]) -> None:
        self._accounts = accounts

    def add(self, account: Account) -> None:
        """Refuses a taken address."""
        if self.find_by_email(account.email):
            raise EmailTaken
        self._accounts[account.id] = account

    def get(self, account_id: UUID) -> Account | None:
        """By its id."""
        return self._accounts.get(account_id)

    def find_by_email(self, email: str) -> Account | None:
        """By its address."""
        return next((account for account in self._accounts.values() if account.email == email), None)


class FakeSigningKeys:
    """See `apps.users.service.SigningKeys`."""

    def __init__(self, keys: list[StoredKey]) -> None:
        self._keys = keys

    def lock(self) -> None:
        """There is nobody else."""

    def add(self, key: StoredKey) -> None:
        """As the newest."""
        self._keys.append(key)

    def newest(self) -> StoredKey | None:
        """The last one."""
        return self._keys[-1] if self._keys else None

    def published(self) -> Sequence[Jwk]:
        """All of them."""
        return [key.public_jwk for key in reversed(self._keys)]


def an_issuer(cipher: KeyCipher) -> TokenIssuer:
    """Issues tokens that the default settings accept."""
    return TokenIssuer(cipher, "quadrille", "quadrille-api", timedelta(minutes=10))


def a_registration(**changes: str) -> Registration:
    """A registration that will do, but for the changes."""
    return Registration(
        **{"email": "ada@example.com", "password": "correct horse battery", "name": "Ada Lovelace", **changes}
    )
