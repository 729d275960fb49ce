"""The signing keys: which one signs, which are published, and how one follows the other."""

from collections.abc import Callable, Sequence
from datetime import datetime

from apps.users import metrics
from apps.users.repositories import UnitOfWork
from apps.users.security import SecurityEvent, note
from apps.users.signing import Jwk, KeyCipher, KeyRules, NoSigningKey, StoredKey
from chassis.times import utc_now

Clock = Callable[[], datetime]


def published_keys(uow: UnitOfWork) -> Sequence[Jwk]:
    """The public keys with which access tokens can be checked."""
    with uow:
        return uow.signing_keys.published(utc_now())


def ensure_signing_key(uow: UnitOfWork, cipher: KeyCipher) -> StoredKey | None:
    """Makes the first signing key; None when there is one. Raises `NoSigningKey` when that cannot be opened.

    Kept keys are encrypted anew when the cipher has a newer secret.
    """
    with uow:
        uow.signing_keys.lock()
        known = uow.signing_keys.all()
        for key in known:
            if (renewed := cipher.renewed(key)) is not key:
                uow.signing_keys.save(renewed)
        made = None if known else cipher.new_key(utc_now)
        if made is not None:
            uow.signing_keys.add(made)
        uow.commit()
    return made


def rotate(uow: UnitOfWork, cipher: KeyCipher, rules: KeyRules, clock: Clock = utc_now) -> StoredKey:
    """Makes the next key. It is published at once, and signs after the lead; those before it are withdrawn in time."""
    with uow:
        uow.signing_keys.lock()
        return _add_next(uow, cipher, rules, clock)


def rotate_when_due(uow: UnitOfWork, cipher: KeyCipher, rules: KeyRules, clock: Clock = utc_now) -> StoredKey | None:
    """As `rotate`, when the newest key has lived its time; of several who do this, one does."""
    with uow:
        uow.signing_keys.lock()
        newest = uow.signing_keys.newest()
        if newest is not None and clock() - newest.created_at < rules.lifetime:
            return None
        return _add_next(uow, cipher, rules, clock)


def remove_withdrawn(uow: UnitOfWork, now: datetime) -> int:
    """Drops the keys of which every token has expired. Returns how many."""
    with uow:
        removed = uow.signing_keys.remove_withdrawn(now)
        uow.commit()
    return removed


def signing_key_problem(uow: UnitOfWork, cipher: KeyCipher) -> str | None:
    """None when tokens can be signed, otherwise the reason."""
    try:
        with uow:
            key = present_key(uow, utc_now())
        cipher.open(key)
    except NoSigningKey as problem:
        return str(problem)
    return None


def tell_key_age(uow: UnitOfWork, now: datetime) -> None:
    """Tells for how long the present key has signed. Raises `NoSigningKey`."""
    with uow:
        signs_from = present_key(uow, now).signs_from
    metrics.SIGNING_KEY_AGE.set((now - signs_from).total_seconds())


def present_key(uow: UnitOfWork, now: datetime) -> StoredKey:
    """The key that signs now, in an open transaction. Raises `NoSigningKey`."""
    key = uow.signing_keys.signing(now)
    if key is None:
        raise NoSigningKey("There is no signing key: run the set-up of the users service.")
    return key


def _add_next(uow: UnitOfWork, cipher: KeyCipher, rules: KeyRules, clock: Clock) -> StoredKey:
    key = cipher.new_key(clock, rules.lead)
    uow.signing_keys.withdraw_all(rules.published_until(key))
    uow.signing_keys.add(key)
    uow.commit()
    note(SecurityEvent.SIGNING_KEY_ROTATED, kid=key.kid, signs_from=key.signs_from.isoformat())
    return key
