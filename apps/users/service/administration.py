"""What admins do with the accounts of others."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from apps.users.domain.accounts import Account, Role
from apps.users.domain.events import UserDeactivated
from apps.users.domain.refusals import LastAdmin
from apps.users.repositories import AccountFilter, UnitOfWork
from apps.users.security import SecurityEvent, note
from apps.users.service.accounts import locked, save_and_tell
from apps.users.service.sessions import SessionKeeper, end_all


def search_accounts(uow: UnitOfWork, wanted: AccountFilter, first: int, count: int) -> tuple[Sequence[Account], int]:
    """A page of the accounts that are wanted, by address, and how many there are."""
    with uow:
        return uow.accounts.search(wanted, first, count)


def set_roles(uow: UnitOfWork, account_id: UUID, roles: Iterable[Role], by: UUID) -> Account:
    """The account with these roles; its access tokens have the old ones for minutes yet.

    Raises `UnknownAccount` and `LastAdmin`.
    """
    with uow:
        admins = uow.accounts.lock_admins()
        account = locked(uow, account_id)
        changed = account.changed(roles=frozenset(roles))
        _keep_an_admin(account, changed, admins)
        if changed is account:
            return account
        save_and_tell(uow, changed)
    note(SecurityEvent.ROLES_CHANGED, user_id=account_id, roles=",".join(sorted(changed.roles)), by=by)
    return changed


def deactivate(uow: UnitOfWork, keeper: SessionKeeper, account_id: UUID, by: UUID) -> Account:
    """Nobody can log in to the account any more, and its sessions end. Raises `UnknownAccount` and `LastAdmin`."""
    with uow:
        admins = uow.accounts.lock_admins()
        account = locked(uow, account_id)
        changed = account.changed(active=False)
        _keep_an_admin(account, changed, admins)
        if changed is account:
            return account
        uow.accounts.save(changed)
        uow.publish(UserDeactivated(user_id=account_id), subject=str(account_id), sequence=changed.version)
        end_all(uow, keeper, changed)
        uow.commit()
    note(SecurityEvent.ACCOUNT_DEACTIVATED, user_id=account_id, by=by)
    return changed


def activate(uow: UnitOfWork, account_id: UUID, by: UUID) -> Account:
    """The owner can log in again. Raises `UnknownAccount`."""
    with uow:
        account = locked(uow, account_id)
        changed = account.changed(active=True)
        if changed is account:
            return account
        save_and_tell(uow, changed)
    note(SecurityEvent.ACCOUNT_ACTIVATED, user_id=account_id, by=by)
    return changed


def _keep_an_admin(before: Account, after: Account, admins: int) -> None:
    if before.is_active_admin and not after.is_active_admin and admins == 1:
        raise LastAdmin
