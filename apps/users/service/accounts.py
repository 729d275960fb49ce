"""Registration and profile."""

from collections.abc import Iterable
from uuid import UUID

from apps.users.domain.accounts import Account, Registration, Role
from apps.users.domain.events import UserRegistered
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


def profile(uow: UnitOfWork, account_id: UUID) -> Account:
    """The account. Raises `UnknownAccount`."""
    with uow:
        account = uow.accounts.get(account_id)
    if account is None:
        raise UnknownAccount
    return account


def _registered(account: Account) -> UserRegistered:
    return UserRegistered(
        user_id=account.id,
        email=account.email,
        name=account.name,
        roles=tuple(sorted(account.roles)),
        language=account.language,
    )
