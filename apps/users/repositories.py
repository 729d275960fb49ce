"""What the use cases need of a store; `storage` has it on PostgreSQL, the unit tests in memory."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Protocol, Self
from uuid import UUID

from pydantic import BaseModel

from apps.users.domain.accounts import Account, Role
from apps.users.domain.oauth import Client
from apps.users.domain.sessions import RefreshToken, Session
from apps.users.signing import Jwk, StoredKey


@dataclass(frozen=True, slots=True)
class AccountFilter:
    """Which accounts are wanted: with these words in name or address, this role, and active or not; None: any."""

    words: str = ""
    role: Role | None = None
    active: bool | None = None


class Accounts(Protocol):
    """The accounts, as one transaction sees them."""

    def add(self, account: Account) -> None:
        """Adds the account. Raises `EmailTaken`."""

    def get(self, account_id: UUID) -> Account | None:
        """The account, if there is one."""

    def lock(self, account_id: UUID) -> Account | None:
        """The account, which nobody else changes until this transaction ends."""

    def save(self, account: Account) -> None:
        """Keeps the changed account."""

    def search(self, wanted: AccountFilter, first: int, count: int) -> tuple[Sequence[Account], int]:
        """A page of those that are wanted, by address, and how many there are."""

    def lock_admins(self) -> int:
        """How many active accounts have the role admin; nobody else changes one until this transaction ends."""

    def find_by_email(self, email: str) -> Account | None:
        """The account with this address, in its normal form."""


class Sessions(Protocol):
    """The sessions and their refresh tokens, as one transaction sees them."""

    def add(self, session: Session) -> None:
        """Adds the session."""

    def lock(self, session_id: UUID) -> Session | None:
        """The session, which nobody else refreshes or ends until this transaction ends."""

    def lock_by_token(self, digest: bytes) -> Session | None:
        """As `lock`, the session of this refresh token."""

    def revoke(self, session_id: UUID, now: datetime) -> None:
        """Ends the session."""

    def revoke_all(self, account_id: UUID, now: datetime) -> int:
        """Ends every session of the account. Returns how many had not ended yet."""

    def add_token(self, token: RefreshToken) -> None:
        """Adds the token."""

    def token(self, digest: bytes) -> RefreshToken | None:
        """The token with this digest, as it is when the session is locked."""

    def spend(self, digest: bytes, now: datetime, sealed_answer: bytes) -> None:
        """Notes that the token was used, and for what."""

    def forget_answers(self, before: datetime, count: int) -> int:
        """Drops what at most so many tokens were spent for before that time. Returns how many."""

    def remove_dead(self, before: datetime, count: int) -> int:
        """Drops at most so many sessions that ended before that time, with their tokens. Returns how many."""

    def remove_expired_tokens(self, before: datetime, count: int) -> int:
        """Drops at most so many tokens that expired before that time. Returns how many."""


class FailedLogIns(Protocol):
    """The log-ins that failed lately, by the digest of the address that was given, known or not."""

    def lock(self, subject: bytes) -> None:
        """Lets nobody else note a failure for the subject until this transaction ends."""

    def nth_newest(self, subject: bytes, number: int) -> datetime | None:
        """When the failure was that is so many back, the newest being 1; None when there are fewer."""

    def add(self, subject: bytes, at: datetime) -> None:
        """Notes a failure."""

    def forget(self, subject: bytes) -> None:
        """Drops all failures of the subject."""

    def remove(self, before: datetime, count: int) -> int:
        """Drops at most so many failures from before that time. Returns how many."""


class Clients(Protocol):
    """The registered OAuth 2.0 clients, as one transaction sees them."""

    def get(self, client_id: str) -> Client | None:
        """The client, if there is one."""

    def all(self) -> Sequence[Client]:
        """All of them."""

    def put(self, client: Client) -> None:
        """Adds the client, or replaces the one with its id."""

    def remove(self, client_id: str) -> None:
        """Forgets the client."""


class SigningKeys(Protocol):
    """The signing keys, as one transaction sees them."""

    def lock(self) -> None:
        """Lets nobody else add a key until this transaction ends."""

    def add(self, key: StoredKey) -> None:
        """Adds the key."""

    def save(self, key: StoredKey) -> None:
        """Keeps the changed key."""

    def all(self) -> Sequence[StoredKey]:
        """All keys, the newest first."""

    def newest(self) -> StoredKey | None:
        """The key that was made last, whether it signs already or not."""

    def signing(self, now: datetime) -> StoredKey | None:
        """The key to sign with."""

    def published(self, now: datetime) -> Sequence[Jwk]:
        """The public halves of all keys whose tokens may be about now or soon, the newest first."""

    def withdraw_all(self, until: datetime) -> None:
        """Publishes those until then that have no end yet."""

    def remove_withdrawn(self, now: datetime) -> int:
        """Drops those that are published no more. Returns how many."""


class UnitOfWork(Protocol):
    """One transaction over the service's own data and its outgoing events."""

    @property
    def accounts(self) -> Accounts:
        """The accounts."""

    @property
    def sessions(self) -> Sessions:
        """The sessions and their refresh tokens."""

    @property
    def failed_log_ins(self) -> FailedLogIns:
        """The log-ins that failed lately."""

    @property
    def clients(self) -> Clients:
        """The registered clients."""

    @property
    def signing_keys(self) -> SigningKeys:
        """The signing keys."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None: ...

    def publish(self, event: BaseModel, *, subject: str, sequence: int, correlation: str | None = None) -> None:
        """Notes an event that leaves when the transaction has committed."""

    def commit(self) -> None:
        """Keeps all of it."""


UnitOfWorkFactory = Callable[[], UnitOfWork]
