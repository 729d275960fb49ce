"""The use cases about signing keys, over fakes."""

from datetime import timedelta

import pytest
from prometheus_client import REGISTRY

from apps.users.service.keys import ensure_signing_key, signing_key_problem, tell_key_age
from apps.users.signing import KeyCipher, NoSigningKey
from tests.unit.users.fakes import OTHER_SECRET, Database, FakeUnitOfWork


def test_first_signing_key(uow: FakeUnitOfWork, database: Database, cipher: KeyCipher) -> None:
    """The first set-up makes a key, the next keeps it."""
    database.keys.clear()
    made = ensure_signing_key(uow, cipher)
    assert ensure_signing_key(uow, cipher) is None
    assert database.keys == [made]
    assert signing_key_problem(uow, cipher) is None


def test_key_of_another_secret(uow: FakeUnitOfWork, database: Database) -> None:
    """A changed secret is noticed, and the key is kept for the right one."""
    with pytest.raises(NoSigningKey):
        ensure_signing_key(uow, KeyCipher([OTHER_SECRET]))
    assert len(database.keys) == 1
    assert "TOKEN_KEY_SECRET" in str(signing_key_problem(uow, KeyCipher([OTHER_SECRET])))


def test_age_of_the_key_that_signs(uow: FakeUnitOfWork, database: Database) -> None:
    """The present one's, from when it began to sign."""
    tell_key_age(uow, database.keys[-1].signs_from + timedelta(days=91))
    assert REGISTRY.get_sample_value("signing_key_age_seconds") == 91 * 86_400
