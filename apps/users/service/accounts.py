"""Registration and profile."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from apps.users.domain.accounts import Account, Language, Registration, Role
from apps.users.domain.events import UserRegistered, UserUpdated
from apps.users.domain.refusals import EmailTaken, UnknownAccount
from apps.users.passwords import Passwords
from apps.users.repositories import UnitOfWork
from chassis.identifiers import new_id
from chassis.times import utc_now


def register(
    uow: UnitOfWork, passwords: Passwords, registration: Registration, roles: Iterable[Role] = (Role.CUSTOMER,)
) -> Account:
    """Makes an account. Raises `InvalidAccount` and `EmailTaken`."""
    wanted = registration.checked()
    account = Account(
        id=new_id(),
        email=wanted.email,
        name=wanted.name,
        roles=frozenset(roles),
        password_hash=passwords.hash(wanted.password),
        created_at=utc_now(),
        language=wanted.language,
    )
    with uow:
        uow.accounts.add(account)
        uow.publish(UserRegistered(**_person(account)), subject=str(account.id), sequence=account.version)
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


def profile(uow: UnitOfWork, account_id: UUID) -> Account:
    """The account. Raises `UnknownAccount`."""
    with uow:
        account = uow.accounts.get(account_id)
    if account is None:
        raise UnknownAccount
    return account


def change_profile(uow: UnitOfWork, account_id: UUID, name: str | None, language: Language | None) -> Account:
    """The account with another name or language, None leaving what is. Raises `UnknownAccount`, `InvalidAccount`."""
    with uow:
        account = locked(uow, account_id)
        changed = account.with_profile(name, language)
        if changed is not account:
            save_and_tell(uow, changed)
    return changed


def locked(uow: UnitOfWork, account_id: UUID) -> Account:
    """The account, locked in an open transaction. Raises `UnknownAccount`."""
    account = uow.accounts.lock(account_id)
    if account is None:
        raise UnknownAccount
    return account


def save_and_tell(uow: UnitOfWork, account: Account) -> None:
    """Keeps the changed account, tells of it, and commits."""
    uow.accounts.save(account)
    uow.publish(UserUpdated(**_person(account)), subject=str(account.id), sequence=account.version)
    uow.commit()


def _person(account: Account) -> dict[str, Any]:
    return {
        "user_id": account.id,
        "email": account.email,
        "name": account.name,
        "roles": tuple(sorted(account.roles)),
        "language": account.language,
    }
