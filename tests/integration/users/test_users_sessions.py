"""Sessions on a real PostgreSQL, where requests overlap."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from apps.users.bootstrap import Users
from apps.users.domain.accounts import Account
from apps.users.domain.refusals import RefreshTokenInvalid, RefreshTokenReused
from apps.users.domain.sessions import SessionRules
from apps.users.service.accounts import register
from apps.users.service.keys import ensure_signing_key
from apps.users.service.passwords import Credentials
from apps.users.service.sessions import (
    SessionKeeper,
    TokenPair,
    log_in,
    log_out_everywhere,
    refresh,
)
from apps.users.settings import StorageSettings
from apps.users.signing import KeyCipher
from apps.users.tokens import TokenIssuer
from chassis.messaging.events import decode
from chassis.times import utc_now
from tests.integration.users.scene import ADA, GUARD, PASSWORDS, SECRET, at_once, events

RULES = SessionRules(
    refresh_lifetime=timedelta(days=14), session_lifetime=timedelta(days=90), grace=timedelta(seconds=5)
)


class Clock:
    """The real time, and what was added to it."""

    ahead = timedelta()

    def __call__(self) -> datetime:
        return utc_now() + self.ahead


@pytest.fixture
def clock() -> Clock:
    """A clock that can be turned."""
    return Clock()


@pytest.fixture
def keeper(users: Users[StorageSettings], clock: Clock) -> SessionKeeper:
    """Gives out pairs."""
    cipher = KeyCipher([SECRET])
    ensure_signing_key(users.unit_of_work(), cipher)
    return SessionKeeper(TokenIssuer(cipher, "issuer", "audience", lambda: timedelta(minutes=10), clock), lambda: RULES)


@pytest.fixture
def account(users: Users[StorageSettings]) -> Account:
    """Ada's."""
    return register(users.unit_of_work(), PASSWORDS, ADA)


def logged_in(users: Users[StorageSettings], keeper: SessionKeeper) -> TokenPair:
    return log_in(users.unit_of_work(), GUARD, keeper, Credentials(ADA.email, ADA.password))


def told(users: Users[StorageSettings]) -> list[str]:
    return [stored.type for stored in events(users)]


def test_refreshes_at_once_get_one_answer(
    users: Users[StorageSettings], keeper: SessionKeeper, account: Account
) -> None:
    """Of many who spend one token at the same moment, all get the same pair, and there is one successor."""
    pair = logged_in(users, keeper)
    answers = at_once(8, lambda: refresh(users.unit_of_work(), keeper, pair.refresh_token))
    assert all(answer == answers[0] for answer in answers)
    assert refresh(users.unit_of_work(), keeper, answers[0].refresh_token).expires_in
    with users.unit_of_work() as uow:
        assert uow.connection.scalar(text("SELECT count(*) FROM refresh_tokens")) == 3


def test_reuse_ends_the_session(
    users: Users[StorageSettings], keeper: SessionKeeper, account: Account, clock: Clock
) -> None:
    """A spent token after the grace ends its session, in the same transaction as the event that tells of it."""
    pair, other = logged_in(users, keeper), logged_in(users, keeper)
    newest = refresh(users.unit_of_work(), keeper, pair.refresh_token)
    clock.ahead = timedelta(seconds=6)
    outcomes = at_once(4, lambda: refresh(users.unit_of_work(), keeper, pair.refresh_token))
    assert {type(outcome) for outcome in outcomes} == {RefreshTokenReused}
    with pytest.raises(RefreshTokenInvalid):
        refresh(users.unit_of_work(), keeper, newest.refresh_token)
    assert refresh(users.unit_of_work(), keeper, other.refresh_token).expires_in
    assert told(users) == ["user.registered", "user.logged_out"]


def test_log_out_everywhere_meets_refreshes(
    users: Users[StorageSettings], keeper: SessionKeeper, account: Account
) -> None:
    """Whoever refreshes while all sessions are ended has nothing that lives on."""
    pairs = [logged_in(users, keeper) for _ in range(4)]
    waiting = iter([pairs[0], pairs[1], None, pairs[2], pairs[3]])

    def act() -> TokenPair | None:
        pair = next(waiting)
        if pair is not None:
            return refresh(users.unit_of_work(), keeper, pair.refresh_token)
        log_out_everywhere(users.unit_of_work(), keeper, account.id)
        return None

    for outcome in at_once(5, act):
        if isinstance(outcome, TokenPair):
            with pytest.raises(RefreshTokenInvalid):
                refresh(users.unit_of_work(), keeper, outcome.refresh_token)


def test_event_of_a_log_out_everywhere(users: Users[StorageSettings], keeper: SessionKeeper, account: Account) -> None:
    """It names no session, and stands beside its account's events."""
    logged_in(users, keeper)
    log_out_everywhere(users.unit_of_work(), keeper, account.id)
    event = decode(events(users)[-1].body.encode())
    assert (event.type, event.subject, event.data) == (
        "user.logged_out",
        str(account.id),
        {"user_id": str(account.id), "sid": None},
    )


def test_database_does_not_hold_the_tokens(
    users: Users[StorageSettings], keeper: SessionKeeper, account: Account
) -> None:
    """A copy of the table gives nobody a session, not even for the seconds of the grace."""
    pair = logged_in(users, keeper)
    newest = refresh(users.unit_of_work(), keeper, pair.refresh_token)
    with users.unit_of_work() as uow:
        rows = uow.connection.execute(text("SELECT refresh_tokens::text, sealed_answer FROM refresh_tokens")).all()
    kept = "".join(line + bytes(sealed or b"").decode() for line, sealed in rows)
    for secret in (pair.refresh_token, newest.refresh_token, newest.access_token):
        assert secret not in kept
