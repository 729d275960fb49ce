"""Signing keys on a real PostgreSQL: one follows the other, also under load and beside a flood of made-up keys."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from functools import partial
from uuid import uuid4

import jwt
import pytest
from prometheus_client import REGISTRY
from pydantic import SecretStr

from apps.users.bootstrap import Users
from apps.users.domain.accounts import Account
from apps.users.service.accounts import register
from apps.users.service.keys import (
    ensure_signing_key,
    present_key,
    published_keys,
    remove_withdrawn,
    rotate,
    rotate_when_due,
    tell_key_age,
)
from apps.users.settings import KeySettings, StorageSettings
from apps.users.signing import KeyCipher, KeyRules
from apps.users.tokens import TokenIssuer
from chassis.http.keys import RETRY_SECONDS, CachedKeys
from chassis.settings import TokenSettings
from chassis.times import utc_now
from gateway.forwardauth.tokens import InvalidToken, TokenReader
from tests.integration.users.scene import ADA, OTHER_SECRET, PASSWORDS, SECRET, at_once
from tests.polling import eventually
from workers.users.tasks import rotate_signing_keys

RULES = KeyRules(
    lead=timedelta(seconds=RETRY_SECONDS + 1), lifetime=timedelta(days=30), token_lifetime=timedelta(minutes=10)
)
SETTINGS = TokenSettings()
ROTATIONS = 3


@pytest.fixture
def cipher(users: Users[StorageSettings]) -> KeyCipher:
    """Opens the first key, which is there."""
    cipher = KeyCipher([SECRET])
    ensure_signing_key(users.unit_of_work(), cipher)
    return cipher


def kids(users: Users[StorageSettings]) -> list[str]:
    return [key["kid"] for key in published_keys(users.unit_of_work())]


def signing_kid(users: Users[StorageSettings], after: timedelta = timedelta()) -> str:
    with users.unit_of_work() as uow:
        return present_key(uow, utc_now() + after).kid


def test_one_first_key(users: Users[StorageSettings]) -> None:
    """Of the set-ups that run at the same time, one makes the key."""
    cipher = KeyCipher([SECRET])
    outcomes = at_once(4, lambda: ensure_signing_key(users.unit_of_work(), cipher))
    (made,) = [outcome for outcome in outcomes if outcome is not None]
    assert kids(users) == [made.kid]
    with users.unit_of_work() as uow:
        assert uow.signing_keys.signing(utc_now()) == made


def test_next_key_is_published_before_it_signs(users: Users[StorageSettings], cipher: KeyCipher) -> None:
    """Both are published; the old one signs until the lead is over, and goes when its last token has expired."""
    old = signing_kid(users)
    key = rotate(users.unit_of_work(), cipher, RULES)
    assert kids(users) == [key.kid, old]
    assert signing_kid(users) == old
    assert signing_kid(users, RULES.lead) == key.kid
    assert remove_withdrawn(users.unit_of_work(), key.signs_from + RULES.token_lifetime) == 0
    assert remove_withdrawn(users.unit_of_work(), RULES.published_until(key)) == 1
    assert kids(users) == [key.kid]


def test_due_rotation(users: Users[StorageSettings], cipher: KeyCipher) -> None:
    """Of many who rotate when it is due one does, and before that nobody."""
    due = utc_now() + RULES.lifetime
    assert rotate_when_due(users.unit_of_work(), cipher, RULES, lambda: due - timedelta(minutes=1)) is None
    outcomes = at_once(4, lambda: rotate_when_due(users.unit_of_work(), cipher, RULES, lambda: due))
    assert sum(outcome is not None for outcome in outcomes) == 1
    assert len(kids(users)) == 2


def test_age(users: Users[StorageSettings], cipher: KeyCipher) -> None:
    """The age is the time for which the present key has signed, whatever comes next."""
    moment = utc_now() + timedelta(hours=1)
    rotate(users.unit_of_work(), cipher, RULES, lambda: moment)
    tell_key_age(users.unit_of_work(), moment)
    assert REGISTRY.get_sample_value("signing_key_age_seconds") == pytest.approx(3600, abs=60)
    tell_key_age(users.unit_of_work(), moment + RULES.lead)
    assert REGISTRY.get_sample_value("signing_key_age_seconds") == 0


def test_task(users: Users[StorageSettings], cipher: KeyCipher) -> None:
    """The task leaves a young key alone, follows an old one, and in the end drops what was withdrawn."""
    first = signing_kid(users)
    settings = KeySettings(token_key_secret=SecretStr(SECRET), signing_key_lead=0)
    rotate_signing_keys(users.unit_of_work, settings)
    assert kids(users) == [first]
    _make_older(users, RULES.lifetime)
    rotate_signing_keys(users.unit_of_work, settings)
    assert len(kids(users)) == 2
    assert signing_kid(users) != first
    with users.unit_of_work() as uow:
        uow.signing_keys.save(replace(uow.signing_keys.all()[1], published_until=utc_now()))
        uow.commit()
    rotate_signing_keys(users.unit_of_work, settings)
    with users.unit_of_work() as uow:
        assert [key.kid for key in uow.signing_keys.all()] == [signing_kid(users)]


def _make_older(users: Users[StorageSettings], by: timedelta) -> None:
    with users.unit_of_work() as uow:
        (key,) = uow.signing_keys.all()
        uow.signing_keys.save(replace(key, created_at=key.created_at - by, signs_from=key.signs_from - by))
        uow.commit()


def test_secret_is_replaced(users: Users[StorageSettings], cipher: KeyCipher) -> None:
    """With a new secret before the old one the set-up encrypts all keys anew, and the old one can go."""
    rotate(users.unit_of_work(), cipher, RULES)
    assert ensure_signing_key(users.unit_of_work(), KeyCipher([OTHER_SECRET, SECRET])) is None
    only_new = KeyCipher([OTHER_SECRET])
    with users.unit_of_work() as uow:
        assert all(only_new.open(key) for key in uow.signing_keys.all())
        assert len(uow.signing_keys.all()) == 2


def test_rotation_under_load(users: Users[StorageSettings], cipher: KeyCipher) -> None:
    """While keys follow each other, no valid token is refused, even where made-up ones use up the fetches of keys."""
    account = register(users.unit_of_work(), PASSWORDS, ADA)
    issuer = TokenIssuer(cipher, SETTINGS.token_issuer, SETTINGS.token_audience, lambda: RULES.token_lifetime)
    stop = threading.Event()
    readers = [TokenReader(CachedKeys(lambda: published_keys(users.unit_of_work())), SETTINGS) for _ in range(2)]
    with ThreadPoolExecutor(6) as pool:
        work = [pool.submit(_sign_and_read, users, issuer, account, reader, stop) for reader in readers * 2]
        work += [pool.submit(_make_up_tokens, reader, stop) for reader in readers]
        try:
            for _ in range(ROTATIONS):
                key = rotate(users.unit_of_work(), cipher, RULES)
                eventually(partial(_assert_signs_for_a_second, users, key.kid), seconds=30)
        finally:
            stop.set()
    seen = set[str]().union(*(each.result() for each in work))
    assert len(seen) == ROTATIONS + 1


def _sign_and_read(
    users: Users[StorageSettings], issuer: TokenIssuer, account: Account, reader: TokenReader, stop: threading.Event
) -> set[str]:
    seen = set()
    while not stop.is_set():
        with users.unit_of_work() as uow:
            key = present_key(uow, utc_now())
        token = issuer.access_token(account, account.id, key).text
        assert reader.read(token).user_id == str(account.id)
        seen.add(key.kid)
    return seen


def _make_up_tokens(reader: TokenReader, stop: threading.Event) -> set[str]:
    while not stop.is_set():
        forged = jwt.encode({}, "a secret of nobody, which is long enough", "HS256", {"kid": str(uuid4())})
        with pytest.raises(InvalidToken):
            reader.read(forged)
        stop.wait(0.01)
    return set()


def _assert_signs_for_a_second(users: Users[StorageSettings], kid: str) -> None:
    assert signing_kid(users, -timedelta(seconds=1)) == kid
