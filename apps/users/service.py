"""The use cases. Hashing takes long, so it is done while no transaction is open."""

from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import Protocol, Self
from uuid import UUID

from pydantic import BaseModel

from apps.users.domain.accounts import Account, EmailTaken, InvalidCredentials, Registration, Role, UnknownAccount
from apps.users.domain.events import UserRegistered
from apps.users.passwords import Passwords
from apps.users.signing import Jwk, KeyCipher, NoSigningKey, StoredKey
from apps.users.tokens import AccessToken, TokenIssuer
from chassis.identifiers import new_id
from chassis.times import utc_now


class Accounts(Protocol):
    """The accounts, as one transaction sees them."""

    def add(self, account: Account) -> None:
        """Adds the account. Raises `EmailTaken`."""

    def get(self, account_id: UUID) -> Account | None:
        """The account, if there is one."""

    def find_by_email(self, email: str) -> Account | None:
        """The account with this address, in its normal form."""


class SigningKeys(Protocol):
    """The signing keys, as one transaction sees them."""

    def lock(self) -> None:
        """Lets nobody else add a key until this transaction ends."""

    def add(self, key: StoredKey) -> None:
        """Adds the key, which signs from now on."""

    def newest(self) -> StoredKey | None:
        """The key to sign with."""

    def published(self) -> Sequence[Jwk]:
        """The public halves of all keys whose tokens may still be about, the newest first."""


class UnitOfWork(Protocol):
    """One transaction over the service's own data and its outgoing events."""

    @property
    def accounts(self) -> Accounts:
        """The accounts."""

    @property
    def signing_keys(self) -> SigningKeys:
        """The signing keys."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None: ...

    def publish(self, event: BaseModel, *, subject: str, sequence: int, correlation: str | None = None) -> None:
        """Notes an event that leaves when the transaction has committed."""

    def commit(self) -> None:
        """Keeps all of it."""


def register(
    uow: UnitOfWork, passwords: Passwords, registration: Registration, roles: Iterable[Role] = (Role.CUSTOMER,)
) -> Account:
    """Makes an account. Raises `InvalidRegistration` and `EmailTaken`."""
    wanted = registration.checked()
    account = Account(
        id=new_id(),
        email=wanted.email,
        name=wanted.name,
        roles=frozenset(roles),
        password_hash=passwords.hash(wanted.password),
        created_at=utc_now(),
    )
    with uow:
        uow.accounts.add(account)
        uow.publish(_registered(account), subject=str(account.id), sequence=account.version)
        uow.commit()
    return account


def ensure_account(uow: UnitOfWork, passwords: Passwords, registration: Registration, role: Role) -> Account | None:
    """Makes an account with the role unless the address has one, which stays as it is; then None is returned."""
    with uow:
        known = uow.accounts.find_by_email(registration.email)
    if known is not None:
        return None
    try:
        return register(uow, passwords, registration, [role])
    except EmailTaken:
        return None


def log_in(uow: UnitOfWork, passwords: Passwords, issuer: TokenIssuer, email: str | None, password: str) -> AccessToken:
    """An access token for whoever knows the password. Raises `InvalidCredentials`, as late for an unknown address."""
    with uow:
        account = uow.accounts.find_by_email(email or "")
        key = uow.signing_keys.newest()
    if not passwords.matches(account.password_hash if account else None, password) or account is None:
        raise InvalidCredentials
    return issuer.access_token(account, _present(key))


def profile(uow: UnitOfWork, account_id: UUID) -> Account:
    """The account. Raises `UnknownAccount`."""
    with uow:
        account = uow.accounts.get(account_id)
    if account is None:
        raise UnknownAccount
    return account


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
    with uow:
        key = uow.signing_keys.newest()
    try:
        cipher.open(_present(key))
    except NoSigningKey as problem:
        return str(problem)
    return None


def _present(key: StoredKey | None) -> StoredKey:
    if key is None:
        raise NoSigningKey("There is no signing key: run the set-up of the users service.")
    return key


def _registered(account: Account) -> UserRegistered:
    return UserRegistered(
        user_id=account.id, email=account.email, name=account.name, roles=tuple(sorted(account.roles))
    )
