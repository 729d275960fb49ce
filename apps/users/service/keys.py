"""The signing keys."""

from collections.abc import Sequence
from datetime import datetime

from apps.users import metrics
from apps.users.repositories import UnitOfWork
from apps.users.signing import Jwk, KeyCipher, NoSigningKey, StoredKey


def published_keys(uow: UnitOfWork) -> Sequence[Jwk]:
    """The public keys with which access tokens can be checked."""
    with uow:
        return uow.signing_keys.published()


def ensure_signing_key(uow: UnitOfWork, cipher: KeyCipher) -> StoredKey | None:
    """Makes the first signing key; None when there is one. Raises `NoSigningKey` when that cannot be opened."""
    with uow:
        uow.signing_keys.lock()
        known = uow.signing_keys.newest()
        if known is not None:
            cipher.open(known)
            return None
        key = cipher.new_key()
        uow.signing_keys.add(key)
        uow.commit()
    return key


def signing_key_problem(uow: UnitOfWork, cipher: KeyCipher) -> str | None:
    """None when tokens can be signed, otherwise the reason."""
    try:
        with uow:
            key = present_key(uow)
        cipher.open(key)
    except NoSigningKey as problem:
        return str(problem)
    return None


def tell_key_age(uow: UnitOfWork, now: datetime) -> None:
    """Tells how long the present key has been in use. Raises `NoSigningKey`."""
    with uow:
        created_at = present_key(uow).created_at
    metrics.SIGNING_KEY_AGE.set((now - created_at).total_seconds())


def present_key(uow: UnitOfWork) -> StoredKey:
    """The key that signs now, in an open transaction. Raises `NoSigningKey`."""
    key = uow.signing_keys.newest()
    if key is None:
        raise NoSigningKey("There is no signing key: run the set-up of the users service.")
    return key
