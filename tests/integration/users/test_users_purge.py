"""What the worker clears away, and what it leaves, on a real PostgreSQL."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from apps.users.bootstrap import Users
from apps.users.domain.accounts import Account
from apps.users.domain.sessions import RefreshToken, Session
from apps.users.metrics import PURGED
from apps.users.service.accounts import register
from apps.users.settings import SessionSettings, StorageSettings
from chassis.identifiers import new_id
from chassis.times import utc_now
from tests.integration.users.scene import ADA, PASSWORDS
from workers.users.tasks import BATCH, purge_dead

DAY = timedelta(days=1)
NOW = utc_now()


@pytest.fixture
def account(users: Users[StorageSettings]) -> Account:
    """Ada's."""
    return register(users.unit_of_work(), PASSWORDS, ADA)


def add_session(
    users: Users[StorageSettings], account: Account, expires_at: datetime, revoked_at: datetime | None = None
) -> Session:
    session = Session(new_id(), account.id, NOW - 30 * DAY, expires_at, revoked_at)
    with users.unit_of_work() as uow:
        uow.sessions.add(session)
        uow.sessions.add_token(RefreshToken(new_id().bytes * 2, session.id, expires_at))
        uow.commit()
    return session


def purge(users: Users[StorageSettings]) -> None:
    purge_dead(users.unit_of_work, SessionSettings())


def count(users: Users[StorageSettings], table: str) -> int:
    with users.unit_of_work() as uow:
        return int(uow.connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())  # noqa: S608 - a literal


def purged(kind: str) -> float:
    return float(PURGED.labels(kind)._value.get())  # noqa: SLF001 - there is no other way


def test_dead_sessions_go(users: Users[StorageSettings], account: Account) -> None:
    """Sessions that ended more than a day ago go with their tokens; living ones and fresh ends stay."""
    before = purged("sessions")
    living = add_session(users, account, NOW + DAY)
    fresh = add_session(users, account, NOW + DAY, revoked_at=NOW - timedelta(hours=23))
    add_session(users, account, NOW + DAY, revoked_at=NOW - timedelta(hours=25))
    add_session(users, account, NOW - 2 * DAY)
    purge(users)
    with users.unit_of_work() as uow:
        ids = set(uow.connection.scalars(text("SELECT id FROM sessions")))
    assert ids == {living.id, fresh.id}
    assert count(users, "refresh_tokens") == 2
    assert purged("sessions") == before + 2


def test_all_batches_are_cleared(users: Users[StorageSettings], account: Account) -> None:
    """However much has gathered, one run clears it."""
    with users.unit_of_work() as uow:
        for _ in range(BATCH + 1):
            uow.sessions.add(Session(new_id(), account.id, NOW - 30 * DAY, NOW - 2 * DAY))
        uow.commit()
    purge(users)
    assert count(users, "sessions") == 0


def test_spent_tokens_go_when_expired(users: Users[StorageSettings], account: Account) -> None:
    """A living session keeps its spent tokens until they expired a day ago, so that a theft is noticed."""
    session = add_session(users, account, NOW + DAY)
    with users.unit_of_work() as uow:
        for expires_at in (NOW + DAY, NOW - 2 * DAY):
            token = RefreshToken(new_id().bytes * 2, session.id, expires_at, spent_at=NOW - 10 * DAY)
            uow.sessions.add_token(token)
        uow.commit()
    purge(users)
    assert count(users, "refresh_tokens") == 2


def test_answers_go_after_the_grace(users: Users[StorageSettings], account: Account) -> None:
    """What a token was spent for is kept for the grace only."""
    session = add_session(users, account, NOW + DAY)
    with users.unit_of_work() as uow:
        for spent_at in (utc_now() + timedelta(minutes=1), NOW - timedelta(minutes=1)):
            uow.sessions.add_token(RefreshToken(new_id().bytes * 2, session.id, NOW + DAY, spent_at, b"sealed"))
        uow.commit()
    purge(users)
    assert count(users, "refresh_tokens WHERE sealed_answer IS NOT NULL") == 1
    assert count(users, "refresh_tokens WHERE spent_at IS NOT NULL") == 2


def test_old_failures_go(users: Users[StorageSettings]) -> None:
    """Failures that no longer count go, the others stay."""
    with users.unit_of_work() as uow:
        for age in (timedelta(minutes=4), timedelta(minutes=6)):
            uow.failed_log_ins.add(b"subject", utc_now() - age)
        uow.commit()
    purge(users)
    assert count(users, "failed_log_ins") == 1
