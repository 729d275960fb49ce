"""Log-in, refresh and log-out, over fakes and a clock that is turned."""

from dataclasses import replace
from datetime import timedelta

import pytest

from apps.users.domain.accounts import Account
from apps.users.domain.events import UserLoggedOut
from apps.users.domain.refusals import InvalidCredentials, RefreshTokenInvalid, RefreshTokenReused, UnknownAccount
from apps.users.domain.sessions import SessionRules
from apps.users.passwords import Passwords
from apps.users.security import SECURITY_EVENTS
from apps.users.service.accounts import register
from apps.users.service.passwords import Credentials, PasswordGuard
from apps.users.service.sessions import (
    SessionKeeper,
    TokenPair,
    log_in,
    log_out,
    log_out_everywhere,
    refresh,
)
from apps.users.signing import NoSigningKey
from chassis.identifiers import new_id
from tests.unit.users.fakes import Clock, Database, FakeUnitOfWork, a_registration

ADA = a_registration()
CREDENTIALS = Credentials(ADA.email, ADA.password)


class CountingPasswords(Passwords):
    """The real ones, and a count of what is checked."""

    def __init__(self, real: Passwords) -> None:
        self._real = real
        self.checks = 0

    def matches(self, stored: str | None, password: str) -> bool:
        self.checks += 1
        return self._real.matches(stored, password)

    def is_outdated(self, stored: str) -> bool:
        return self._real.is_outdated(stored)


@pytest.fixture
def account(uow: FakeUnitOfWork, database: Database, passwords: Passwords) -> Account:
    """Somebody who can log in; what was told of it is told."""
    account = register(uow, passwords, ADA)
    database.events.clear()
    return account


@pytest.fixture
def pair(uow: FakeUnitOfWork, guard: PasswordGuard, keeper: SessionKeeper, account: Account) -> TokenPair:
    """The account's first pair."""
    return log_in(uow, guard, keeper, CREDENTIALS)


def reuses() -> float:
    return float(SECURITY_EVENTS.labels("refresh_token_reused")._value.get())  # noqa: SLF001 - there is no other way


def test_log_in(database: Database, account: Account, pair: TokenPair) -> None:
    """The right password opens a session."""
    (session,) = database.sessions.values()
    assert session.account_id == account.id
    assert pair.expires_in == 600


def test_tokens_are_kept_hashed(database: Database, pair: TokenPair) -> None:
    """Nothing of what is kept is the refresh token."""
    assert pair.refresh_token not in str(list(database.refresh_tokens.items()))
    assert pair.refresh_token.encode() not in database.refresh_tokens


@pytest.mark.parametrize(
    ("email", "password"),
    [(ADA.email, "wrong horse battery"), ("bob@example.com", ADA.password), (None, "x")],
)
def test_log_in_is_refused(
    uow: FakeUnitOfWork,
    guard: PasswordGuard,
    keeper: SessionKeeper,
    account: Account,
    email: str | None,
    password: str,
) -> None:
    """Every wrong log-in is refused in the same words, and costs one hash."""
    counting = CountingPasswords(guard.passwords)
    with pytest.raises(InvalidCredentials, match=r"The e-mail address or the password is wrong\."):
        log_in(uow, replace(guard, passwords=counting), keeper, Credentials(email, password))
    assert counting.checks == 1


def test_log_in_without_key(
    database: Database, uow: FakeUnitOfWork, guard: PasswordGuard, keeper: SessionKeeper, account: Account
) -> None:
    """Without a signing key there is a reason that names the remedy."""
    database.keys.clear()
    with pytest.raises(NoSigningKey, match="run the set-up"):
        log_in(uow, guard, keeper, CREDENTIALS)


def test_log_in_to_deactivated_account(
    uow: FakeUnitOfWork, database: Database, guard: PasswordGuard, keeper: SessionKeeper, account: Account
) -> None:
    """The right password of a deactivated account is as wrong as any."""
    database.accounts[account.id] = replace(account, active=False)
    with pytest.raises(InvalidCredentials):
        log_in(uow, guard, keeper, CREDENTIALS)
    assert not database.sessions


def test_password_changed_during_log_in(
    uow: FakeUnitOfWork, database: Database, guard: PasswordGuard, keeper: SessionKeeper, account: Account
) -> None:
    """Who logs in with the old password at the moment of its change gets no session that would outlive it."""

    class Slow(CountingPasswords):
        def matches(self, stored: str | None, password: str) -> bool:
            database.accounts[account.id] = replace(account, password_hash="another")
            return guard.passwords.matches(stored, password)

    with pytest.raises(InvalidCredentials):
        log_in(uow, replace(guard, passwords=Slow(guard.passwords)), keeper, CREDENTIALS)
    assert not database.sessions


def test_refresh_rotates(uow: FakeUnitOfWork, keeper: SessionKeeper, pair: TokenPair) -> None:
    """A refresh is answered with another pair, which can be refreshed in turn."""
    second = refresh(uow, keeper, pair.refresh_token)
    third = refresh(uow, keeper, second.refresh_token)
    assert len({pair.refresh_token, second.refresh_token, third.refresh_token}) == 3
    assert pair.access_token != second.access_token


def test_overlapping_refreshes(uow: FakeUnitOfWork, keeper: SessionKeeper, clock: Clock, pair: TokenPair) -> None:
    """Within five seconds the spent token gets the same pair again."""
    first = refresh(uow, keeper, pair.refresh_token)
    clock.turn(seconds=5)
    assert refresh(uow, keeper, pair.refresh_token) == first


def test_reuse_ends_the_session(
    uow: FakeUnitOfWork, database: Database, keeper: SessionKeeper, clock: Clock, pair: TokenPair
) -> None:
    """After that it ends the session for whoever holds a token of it, and this is told and counted."""
    second = refresh(uow, keeper, pair.refresh_token)
    clock.turn(seconds=5.001)
    before = reuses()
    with pytest.raises(RefreshTokenReused):
        refresh(uow, keeper, pair.refresh_token)
    with pytest.raises(RefreshTokenInvalid):
        refresh(uow, keeper, second.refresh_token)
    (session,) = database.sessions.values()
    assert session.revoked_at == clock.now
    assert database.events == [UserLoggedOut(user_id=session.account_id, sid=session.id)]
    assert reuses() == before + 1


def test_reuse_after_the_end(
    uow: FakeUnitOfWork, database: Database, keeper: SessionKeeper, clock: Clock, pair: TokenPair
) -> None:
    """A second thief is noticed, but the session ends only once."""
    refresh(uow, keeper, pair.refresh_token)
    clock.turn(minutes=1)
    for _ in range(2):
        with pytest.raises(RefreshTokenReused):
            refresh(uow, keeper, pair.refresh_token)
    assert len(database.events) == 1


def test_grace_ends_with_the_session(
    uow: FakeUnitOfWork, keeper: SessionKeeper, account: Account, pair: TokenPair
) -> None:
    """A spent token gets nothing from a session that was logged out, however lately it was spent."""
    refresh(uow, keeper, pair.refresh_token)
    log_out_everywhere(uow, keeper, account.id)
    with pytest.raises(RefreshTokenReused):
        refresh(uow, keeper, pair.refresh_token)


def test_reuse_leaves_other_sessions(
    uow: FakeUnitOfWork, guard: PasswordGuard, keeper: SessionKeeper, clock: Clock, pair: TokenPair
) -> None:
    """The family of the stolen token ends, and no other."""
    other = log_in(uow, guard, keeper, CREDENTIALS)
    refresh(uow, keeper, pair.refresh_token)
    clock.turn(minutes=1)
    with pytest.raises(RefreshTokenReused):
        refresh(uow, keeper, pair.refresh_token)
    assert refresh(uow, keeper, other.refresh_token).expires_in


@pytest.mark.parametrize("text", ["", "made-up", "a\ud800b"])
def test_unknown_refresh_token(uow: FakeUnitOfWork, keeper: SessionKeeper, text: str) -> None:
    """What nobody was given is refused."""
    with pytest.raises(RefreshTokenInvalid):
        refresh(uow, keeper, text)


def test_idle_session(uow: FakeUnitOfWork, keeper: SessionKeeper, clock: Clock, pair: TokenPair) -> None:
    """A refresh token that nobody used for two weeks is worth nothing."""
    clock.turn(days=14)
    with pytest.raises(RefreshTokenInvalid):
        refresh(uow, keeper, pair.refresh_token)


def test_rules_may_change(
    uow: FakeUnitOfWork, database: Database, guard: PasswordGuard, keeper: SessionKeeper, pair: TokenPair
) -> None:
    """A session keeps its end; what is given out after the change is by the new rules."""
    minute, rules = timedelta(minutes=1), [keeper.rules()]
    changing = SessionKeeper(replace(keeper.issuer, lifetime=lambda: rules[0].refresh_lifetime), lambda: rules[0])
    (first,) = database.sessions.values()
    rules[0] = SessionRules(refresh_lifetime=minute, session_lifetime=2 * minute, grace=minute)
    assert refresh(uow, changing, pair.refresh_token).expires_in == 60
    log_in(uow, guard, changing, CREDENTIALS)
    (second,) = (session for session in database.sessions.values() if session.id != first.id)
    assert second.expires_at == second.created_at + 2 * minute
    assert database.sessions[first.id] == first


def test_session_has_an_end(uow: FakeUnitOfWork, keeper: SessionKeeper, clock: Clock, pair: TokenPair) -> None:
    """However often it is refreshed, a session ends after ninety days."""
    token = pair.refresh_token
    for _ in range(8):
        clock.turn(days=10)
        token = refresh(uow, keeper, token).refresh_token
    clock.turn(days=10)
    with pytest.raises(RefreshTokenInvalid):
        refresh(uow, keeper, token)


def test_deactivated_account_is_not_refreshed(
    uow: FakeUnitOfWork, database: Database, keeper: SessionKeeper, account: Account, pair: TokenPair
) -> None:
    """A session goes on only while its account may log in."""
    database.accounts[account.id] = replace(account, active=False)
    with pytest.raises(RefreshTokenInvalid):
        refresh(uow, keeper, pair.refresh_token)


def test_log_out(
    uow: FakeUnitOfWork, database: Database, keeper: SessionKeeper, account: Account, pair: TokenPair
) -> None:
    """The session ends, which is told once."""
    (session_id,) = database.sessions
    for _ in range(2):
        log_out(uow, keeper, account.id, session_id)
    assert database.events == [UserLoggedOut(user_id=account.id, sid=session_id)]
    with pytest.raises(RefreshTokenInvalid):
        refresh(uow, keeper, pair.refresh_token)


def test_log_out_of_another(uow: FakeUnitOfWork, database: Database, keeper: SessionKeeper, pair: TokenPair) -> None:
    """Nobody ends a session that is not theirs, or that is none."""
    (session_id,) = database.sessions
    log_out(uow, keeper, new_id(), session_id)
    log_out(uow, keeper, new_id(), new_id())
    assert database.sessions[session_id].revoked_at is None
    assert not database.events


def test_log_out_everywhere(
    uow: FakeUnitOfWork,
    database: Database,
    guard: PasswordGuard,
    keeper: SessionKeeper,
    account: Account,
    pair: TokenPair,
) -> None:
    """All sessions of the account end with one event."""
    other = log_in(uow, guard, keeper, CREDENTIALS)
    log_out_everywhere(uow, keeper, account.id)
    for ended in (pair, other):
        with pytest.raises(RefreshTokenInvalid):
            refresh(uow, keeper, ended.refresh_token)
    assert database.events == [UserLoggedOut(user_id=account.id, sid=None)]


def test_log_out_of_nobody(uow: FakeUnitOfWork, keeper: SessionKeeper) -> None:
    """Without an account there is nothing to end."""
    with pytest.raises(UnknownAccount):
        log_out_everywhere(uow, keeper, new_id())
