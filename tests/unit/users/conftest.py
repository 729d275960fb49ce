"""The users service over fakes."""

from collections.abc import Mapping

import pytest
from flask.testing import FlaskClient

from apps.users.api.app import create_app
from apps.users.api.parts import ApiParts
from apps.users.passwords import Passwords
from apps.users.service.keys import published_keys
from apps.users.service.passwords import PasswordGuard
from apps.users.service.sessions import SessionKeeper
from apps.users.signing import KeyCipher, StoredKey
from chassis.http.keys import CachedKeys
from chassis.settings import TokenSettings
from chassis.times import utc_now
from tests.unit.users.fakes import CHEAP, SECRET, Clock, Database, FakeUnitOfWork, a_guard, a_keeper


@pytest.fixture(scope="session")
def cipher() -> KeyCipher:
    """Makes and opens signing keys."""
    return KeyCipher([SECRET])


@pytest.fixture(scope="session")
def passwords() -> Passwords:
    """Hashes as cheaply as argon2 can."""
    return Passwords(CHEAP)


@pytest.fixture(scope="session")
def key(cipher: KeyCipher) -> StoredKey:
    """A signing key."""
    return cipher.new_key(utc_now)


@pytest.fixture
def database(key: StoredKey) -> Database:
    """As the set-up leaves it, but without accounts."""
    return Database(keys=[key])


@pytest.fixture
def uow(database: Database) -> FakeUnitOfWork:
    """A transaction over the database."""
    return FakeUnitOfWork(database)


@pytest.fixture
def clock() -> Clock:
    """Stands still until it is turned."""
    return Clock()


@pytest.fixture
def guard(passwords: Passwords, clock: Clock) -> PasswordGuard:
    """Checks passwords at the clock's time."""
    return a_guard(passwords, clock)


@pytest.fixture
def keeper(cipher: KeyCipher, clock: Clock) -> SessionKeeper:
    """Gives out pairs at the clock's time."""
    return a_keeper(cipher, clock)


@pytest.fixture
def flags() -> dict[str, bool]:
    """What an operator may switch while the API runs."""
    return {"registration_open": True}


@pytest.fixture
def client(database: Database, guard: PasswordGuard, keeper: SessionKeeper, flags: Mapping[str, bool]) -> FlaskClient:
    """Calls the API."""
    parts = ApiParts(
        unit_of_work=lambda: FakeUnitOfWork(database),
        guard=guard,
        keeper=keeper,
        keys=CachedKeys(lambda: published_keys(FakeUnitOfWork(database))),
        token_settings=TokenSettings(),
        registration_open=lambda: flags["registration_open"],
    )
    return create_app(parts).test_client()
