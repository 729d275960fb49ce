"""Fakes of what the users service works with."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from types import TracebackType
from typing import Any, Self
from uuid import UUID

from pydantic import BaseModel

from apps.users.domain.accounts import Account, Registration
from apps.users.domain.log_ins import LogInLimit
from apps.users.domain.oauth import Client
from apps.users.domain.refusals import EmailTaken
from apps.users.domain.sessions import RefreshToken, Session, SessionRules
from apps.users.passwords import HashCost, Passwords
from apps.users.repositories import AccountFilter
from apps.users.service.passwords import PasswordGuard
from apps.users.service.sessions import SessionKeeper
from apps.users.signing import Jwk, KeyCipher, StoredKey
from apps.users.tokens import TokenIssuer
from chassis.times import utc_now

SECRET = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
OTHER_SECRET = "ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA="
CHEAP = HashCost(memory_kib=8, passes=1, lanes=1, at_once=2)


@dataclass
class Database:
    """What was committed."""

    accounts: dict[UUID, Account] = field(default_factory=dict)
    keys: list[StoredKey] = field(default_factory=list)
    sessions: dict[UUID, Session] = field(default_factory=dict)
    refresh_tokens: dict[bytes, RefreshToken] = field(default_factory=dict)
    clients: dict[str, Client] = field(default_factory=dict)
    failed_log_ins: list[tuple[bytes, datetime]] = field(default_factory=list)
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
    def sessions(self) -> "FakeSessions":
        """The sessions."""
        return FakeSessions(self._sessions, self._refresh_tokens)

    @property
    def failed_log_ins(self) -> "FakeFailedLogIns":
        """The log-ins that failed lately."""
        return FakeFailedLogIns(self._failed_log_ins)

    @property
    def clients(self) -> "FakeClients":
        """The OAuth 2.0 clients."""
        return FakeClients(self._clients)

    @property
    def signing_keys(self) -> "FakeSigningKeys":
        """The signing keys."""
        return FakeSigningKeys(self._keys)

    def __enter__(self) -> Self:
        self._accounts = dict(self._database.accounts)
        self._keys = list(self._database.keys)
        self._clients = dict(self._database.clients)
        self._failed_log_ins = list(self._database.failed_log_ins)
        self._sessions = dict(self._database.sessions)
        self._refresh_tokens = dict(self._database.refresh_tokens)
        self._events: list[BaseModel] = []
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        del (
            self._accounts,
            self._keys,
            self._clients,
            self._failed_log_ins,
            self._sessions,
            self._refresh_tokens,
            self._events,
        )

    def publish(self, event: BaseModel, *, subject: str, sequence: int, correlation: str | None = None) -> None:
        """Notes the event."""
        self._events.append(event)

    def commit(self) -> None:
        """Keeps all of it."""
        self._database.accounts = self._accounts
        self._database.keys = self._keys
        self._database.clients = self._clients
        self._database.failed_log_ins = self._failed_log_ins
        self._database.sessions = self._sessions
        self._database.refresh_tokens = self._refresh_tokens
        self._database.events += self._events


class FakeAccounts:
    """See `apps.users.repositories.Accounts`."""

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

    def lock(self, account_id: UUID) -> Account | None:
        """There is nobody else."""
        return self.get(account_id)

    def save(self, account: Account) -> None:
        """In the place of the one that was."""
        self._accounts[account.id] = account

    def search(self, wanted: AccountFilter, first: int, count: int) -> tuple[Sequence[Account], int]:
        """In the order of the addresses."""
        found = sorted(filter(partial(_is_wanted, wanted), self._accounts.values()), key=lambda each: each.email)
        return found[first : first + count], len(found)

    def lock_admins(self) -> int:
        """There is nobody else."""
        return sum(account.is_active_admin for account in self._accounts.values())

    def find_by_email(self, email: str) -> Account | None:
        """By its address."""
        return next((account for account in self._accounts.values() if account.email == email), None)


class FakeSessions:
    """See `apps.users.repositories.Sessions`."""

    def __init__(self, sessions: dict[UUID, Session], tokens: dict[bytes, RefreshToken]) -> None:
        self._sessions = sessions
        self._tokens = tokens

    def add(self, session: Session) -> None:
        """By its id."""
        self._sessions[session.id] = session

    def lock(self, session_id: UUID) -> Session | None:
        """There is nobody else."""
        return self._sessions.get(session_id)

    def lock_by_token(self, digest: bytes) -> Session | None:
        """There is nobody else."""
        token = self._tokens.get(digest)
        return None if token is None else self._sessions[token.session_id]

    def revoke(self, session_id: UUID, now: datetime) -> None:
        """Marks it."""
        self._sessions[session_id] = replace(self._sessions[session_id], revoked_at=now)

    def revoke_all(self, account_id: UUID, now: datetime) -> int:
        """Marks those that have not ended."""
        living = [
            session.id
            for session in self._sessions.values()
            if session.account_id == account_id and session.revoked_at is None
        ]
        for session_id in living:
            self.revoke(session_id, now)
        return len(living)

    def add_token(self, token: RefreshToken) -> None:
        """By its digest."""
        self._tokens[token.digest] = token

    def token(self, digest: bytes) -> RefreshToken | None:
        """By its digest."""
        return self._tokens.get(digest)

    def spend(self, digest: bytes, now: datetime, sealed_answer: bytes) -> None:
        """Marks it."""
        self._tokens[digest] = replace(self._tokens[digest], spent_at=now, sealed_answer=sealed_answer)

    def forget_answers(self, before: datetime, count: int) -> int:
        """None of the unit tests clears away."""
        raise NotImplementedError

    remove_dead = remove_expired_tokens = forget_answers


def _is_wanted(wanted: AccountFilter, account: Account) -> bool:
    return (
        wanted.words.lower() in f"{account.name}\n{account.email}".lower()
        and (wanted.role is None or wanted.role in account.roles)
        and (wanted.active is None or wanted.active == account.active)
    )


class FakeFailedLogIns:
    """See `apps.users.repositories.FailedLogIns`."""

    def __init__(self, failures: list[tuple[bytes, datetime]]) -> None:
        self._failures = failures

    def lock(self, subject: bytes) -> None:
        """There is nobody else."""

    def nth_newest(self, subject: bytes, number: int) -> datetime | None:
        """By time."""
        times = sorted((at for each, at in self._failures if each == subject), reverse=True)
        return times[number - 1] if number <= len(times) else None

    def add(self, subject: bytes, at: datetime) -> None:
        """One more."""
        self._failures.append((subject, at))

    def forget(self, subject: bytes) -> None:
        """All of the subject."""
        self._failures[:] = [each for each in self._failures if each[0] != subject]

    def remove(self, before: datetime, count: int) -> int:
        """None of the unit tests clears away."""
        raise NotImplementedError


class FakeClients:
    """See `apps.users.repositories.Clients`."""

    def __init__(self, clients: dict[str, Client]) -> None:
        self._clients = clients

    def get(self, client_id: str) -> Client | None:
        """By its id."""
        return self._clients.get(client_id)

    def all(self) -> Sequence[Client]:
        """All of them."""
        return list(self._clients.values())

    def put(self, client: Client) -> None:
        """By its id."""
        self._clients[client.id] = client

    def remove(self, client_id: str) -> None:
        """It must be there."""
        del self._clients[client_id]


class FakeSigningKeys:
    """See `apps.users.repositories.SigningKeys`. The newest is the last one."""

    def __init__(self, keys: list[StoredKey]) -> None:
        self._keys = keys

    def lock(self) -> None:
        """There is nobody else."""

    def add(self, key: StoredKey) -> None:
        """As the newest."""
        self._keys.append(key)

    def save(self, key: StoredKey) -> None:
        """In the place of the one that was."""
        self._keys[:] = [key if each.kid == key.kid else each for each in self._keys]

    def all(self) -> Sequence[StoredKey]:
        """The newest first."""
        return self._keys[::-1]

    def newest(self) -> StoredKey | None:
        """The last one."""
        return self._keys[-1] if self._keys else None

    def signing(self, now: datetime) -> StoredKey | None:
        """The last one whose time has come."""
        return next((key for key in reversed(self._keys) if key.signs_from <= now), None)

    def published(self, now: datetime) -> Sequence[Jwk]:
        """Those whose time is not over."""
        live = [key for key in reversed(self._keys) if key.published_until is None or key.published_until > now]
        return [key.public_jwk for key in live]

    def withdraw_all(self, until: datetime) -> None:
        """Those that have no end yet."""
        self._keys[:] = [
            replace(key, published_until=until) if key.published_until is None else key for key in self._keys
        ]

    def remove_withdrawn(self, now: datetime) -> int:
        """Those whose time is over."""
        kept = [key for key in self._keys if key.published_until is None or key.published_until > now]
        removed = len(self._keys) - len(kept)
        self._keys[:] = kept
        return removed


@dataclass
class Clock:
    """A clock that tests turn forward."""

    now: datetime = field(default_factory=utc_now)

    def __call__(self) -> datetime:
        """The time on it."""
        return self.now

    def turn(self, **by: float) -> None:
        """Lets time pass."""
        self.now += timedelta(**by)


RULES = SessionRules(
    refresh_lifetime=timedelta(days=14), session_lifetime=timedelta(days=90), grace=timedelta(seconds=5)
)


def an_issuer(cipher: KeyCipher, clock: Clock | None = None) -> TokenIssuer:
    """Issues tokens that the default settings accept."""
    return TokenIssuer(cipher, "quadrille", "quadrille-api", lambda: timedelta(minutes=10), clock or utc_now)


LIMIT = LogInLimit(failures=10, window=timedelta(minutes=5))


def a_guard(passwords: Passwords, clock: Clock | None = None) -> PasswordGuard:
    """Checks passwords within the limit."""
    return PasswordGuard(passwords, lambda: LIMIT, clock or utc_now)


def a_keeper(cipher: KeyCipher, clock: Clock | None = None) -> SessionKeeper:
    """Gives out pairs by the rules."""
    return SessionKeeper(an_issuer(cipher, clock), lambda: RULES)


def a_registration(**changes: Any) -> Registration:
    """A registration that will do, but for the changes."""
    return Registration(
        **{"email": "ada@example.com", "password": "correct horse battery", "name": "Ada Lovelace", **changes}
    )
