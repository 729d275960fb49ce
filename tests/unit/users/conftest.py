"""The users service over fakes."""

import pytest
from flask.testing import FlaskClient

from apps.users.api.app import create_app
from apps.users.api.parts import ApiParts
from apps.users.passwords import Passwords
from apps.users.service import published_keys
from apps.users.signing import KeyCipher, StoredKey
from chassis.http.keys import CachedKeys
from chassis.settings import TokenSettings
from tests.unit.users.fakes import CHEAP, SECRET, Database, FakeUnitOfWork, an_issuer


@pytest.fixture(scope="session")
def cipher() -> KeyCipher:
    """Makes and opens signing keys."""
    return KeyCipher(SECRET)


@pytest.fixture(scope="session")
def passwords() -> Passwords:
    """Hashes as cheaply as argon2 can."""
    return Passwords(CHEAP)


@pytest.fixture(scope="session")
def key(cipher: KeyCipher) -> StoredKey:
    """A signing key."""
    return cipher.new_key()


@pytest.fixture
def database(key: StoredKey) -> Database:
    """As the set-up leaves it, but without accounts."""
    return Database(keys=[key])


@pytest.fixture
def uow(database: Database) -> FakeUnitOfWork:
    """A transaction over the database."""
    return FakeUnitOfWork(database)


@pytest.fixture
def client(database: Database, passwords: Passwords, cipher: KeyCipher) -> FlaskClient:
    """Calls the API."""
    parts = ApiParts(
        unit_of_work=lambda: FakeUnitOfWork(database),
        passwords=passwords,
        issuer=an_issuer(cipher),
        keys=CachedKeys(lambda: published_keys(FakeUnitOfWork(database))),
        token_settings=TokenSettings(),
    )
    return create_app(parts).test_client()
