"""Profile, password and administration, over fakes."""

from dataclasses import replace

import jwt
import pytest

from apps.users.domain.accounts import Account, Language, Role
from apps.users.domain.events import UserDeactivated, UserLoggedOut, UserUpdated
from apps.users.domain.refusals import (
    InvalidAccount,
    InvalidCredentials,
    LastAdmin,
    RefreshTokenInvalid,
    UnknownAccount,
)
from apps.users.repositories import AccountFilter
from apps.users.service.accounts import change_profile, register
from apps.users.service.administration import activate, deactivate, search_accounts, set_roles
from apps.users.service.passwords import Credentials, PasswordGuard
from apps.users.service.sessions import PasswordChange, SessionKeeper, change_password, log_in, refresh
from chassis.identifiers import new_id
from tests.unit.users.fakes import Database, FakeUnitOfWork, a_registration

ADA = a_registration()
BY = new_id()


@pytest.fixture
def account(uow: FakeUnitOfWork, database: Database, guard: PasswordGuard) -> Account:
    """Ada's; what was told of it is told."""
    account = register(uow, guard.passwords, ADA)
    database.events.clear()
    return account


@pytest.fixture
def admin(uow: FakeUnitOfWork, database: Database, guard: PasswordGuard) -> Account:
    """The only one."""
    admin = register(uow, guard.passwords, a_registration(email="root@example.com"), [Role.ADMIN])
    database.events.clear()
    return admin


def test_profile_is_changed(uow: FakeUnitOfWork, database: Database, account: Account) -> None:
    """A new name and another language are kept and told, with the next version."""
    changed = change_profile(uow, account.id, "  Ada King ", Language.RUSSIAN)
    assert changed == replace(account, name="Ada King", language=Language.RUSSIAN, version=2)
    assert database.accounts[account.id] == changed
    assert database.events == [
        UserUpdated(
            user_id=account.id,
            email=account.email,
            name="Ada King",
            roles=(Role.CUSTOMER,),
            language=Language.RUSSIAN,
        )
    ]


@pytest.mark.parametrize("name", [None, ADA.name, f" {ADA.name} "])
def test_unchanged_profile(uow: FakeUnitOfWork, database: Database, account: Account, name: str | None) -> None:
    """What stays as it is makes no version and no event."""
    assert change_profile(uow, account.id, name, None) == account
    assert not database.events


def test_unfit_name(uow: FakeUnitOfWork, database: Database, account: Account) -> None:
    """The rules of registration hold later, too."""
    with pytest.raises(InvalidAccount):
        change_profile(uow, account.id, "A\nda", None)
    assert database.accounts[account.id] == account


def test_new_password(
    uow: FakeUnitOfWork, database: Database, guard: PasswordGuard, keeper: SessionKeeper, account: Account
) -> None:
    """It takes the old one's place and ends all sessions, which is told."""
    pair = log_in(uow, guard, keeper, Credentials(ADA.email, ADA.password))
    change_password(uow, guard, keeper, account.id, PasswordChange(ADA.password, "another horse battery"))
    with pytest.raises(RefreshTokenInvalid):
        refresh(uow, keeper, pair.refresh_token)
    with pytest.raises(InvalidCredentials):
        log_in(uow, guard, keeper, Credentials(ADA.email, ADA.password))
    assert log_in(uow, guard, keeper, Credentials(ADA.email, "another horse battery")).expires_in
    assert database.events == [UserLoggedOut(user_id=account.id, sid=None)]


@pytest.mark.parametrize("password", ["short", "password1234", ADA.email])
def test_unfit_new_password(
    uow: FakeUnitOfWork, guard: PasswordGuard, keeper: SessionKeeper, account: Account, password: str
) -> None:
    """A new password keeps the rules of the first one."""
    with pytest.raises(InvalidAccount) as refusal:
        change_password(uow, guard, keeper, account.id, PasswordChange(ADA.password, password))
    assert list(refusal.value.errors) == ["new_password"]


def test_wrong_current_password(
    uow: FakeUnitOfWork, database: Database, guard: PasswordGuard, keeper: SessionKeeper, account: Account
) -> None:
    """A stolen access token is not enough, and guessing counts as at a log-in."""
    with pytest.raises(InvalidCredentials):
        change_password(uow, guard, keeper, account.id, PasswordChange("wrong horse battery", "another horse battery"))
    assert database.accounts[account.id] == account
    assert len(database.failed_log_ins) == 1


def test_roles(uow: FakeUnitOfWork, database: Database, keeper: SessionKeeper, account: Account) -> None:
    """An account has exactly the roles that it was given last; the same ones again change nothing."""
    for _ in range(2):
        changed = set_roles(uow, account.id, [Role.MANAGER, Role.CUSTOMER], BY)
    assert changed.roles == {Role.MANAGER, Role.CUSTOMER}
    assert [event.model_dump()["roles"] for event in database.events] == [("customer", "manager")]


def test_new_roles_come_with_the_refresh(
    uow: FakeUnitOfWork, guard: PasswordGuard, keeper: SessionKeeper, account: Account
) -> None:
    """The next access token of a session has them."""
    pair = log_in(uow, guard, keeper, Credentials(ADA.email, ADA.password))
    set_roles(uow, account.id, [Role.MANAGER], BY)
    token = refresh(uow, keeper, pair.refresh_token).access_token
    assert jwt.decode(token, options={"verify_signature": False})["roles"] == ["manager"]


def test_deactivate(
    uow: FakeUnitOfWork, database: Database, guard: PasswordGuard, keeper: SessionKeeper, account: Account
) -> None:
    """Neither session nor password opens the account any more; once more changes nothing."""
    credentials = Credentials(ADA.email, ADA.password)
    pair = log_in(uow, guard, keeper, credentials)
    for _ in range(2):
        assert not deactivate(uow, keeper, account.id, BY).active
    with pytest.raises(RefreshTokenInvalid):
        refresh(uow, keeper, pair.refresh_token)
    with pytest.raises(InvalidCredentials):
        log_in(uow, guard, keeper, credentials)
    assert database.events == [UserDeactivated(user_id=account.id), UserLoggedOut(user_id=account.id, sid=None)]


def test_activate(uow: FakeUnitOfWork, guard: PasswordGuard, keeper: SessionKeeper, account: Account) -> None:
    """The owner can log in again, with the old password."""
    deactivate(uow, keeper, account.id, BY)
    for _ in range(2):
        assert activate(uow, account.id, BY).version == 3
    assert log_in(uow, guard, keeper, Credentials(ADA.email, ADA.password)).expires_in


def test_last_admin_stays(uow: FakeUnitOfWork, database: Database, keeper: SessionKeeper, admin: Account) -> None:
    """Nobody can lock all admins out."""
    with pytest.raises(LastAdmin):
        set_roles(uow, admin.id, [Role.CUSTOMER], BY)
    with pytest.raises(LastAdmin):
        deactivate(uow, keeper, admin.id, BY)
    assert database.accounts[admin.id] == admin


def test_admin_before_the_last_may_go(
    uow: FakeUnitOfWork, keeper: SessionKeeper, admin: Account, account: Account
) -> None:
    """With a second one the first may go, but a deactivated one does not count."""
    set_roles(uow, account.id, [Role.ADMIN], BY)
    deactivate(uow, keeper, admin.id, BY)
    with pytest.raises(LastAdmin):
        set_roles(uow, account.id, [Role.CUSTOMER], BY)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (AccountFilter(), ["ada@example.com", "root@example.com"]),
        (AccountFilter("LOVELACE"), ["ada@example.com", "root@example.com"]),
        (AccountFilter("root@"), ["root@example.com"]),
        (AccountFilter("nobody"), []),
        (AccountFilter(role=Role.ADMIN), ["root@example.com"]),
        (AccountFilter(active=False), []),
    ],
)
def test_search(uow: FakeUnitOfWork, account: Account, admin: Account, wanted: AccountFilter, found: list[str]) -> None:
    """By a part of name or address, by role, and by whether it is active."""
    page, total = search_accounts(uow, wanted, 0, 10)
    assert [each.email for each in page] == found
    assert total == len(found)


def test_unknown_account(uow: FakeUnitOfWork, guard: PasswordGuard, keeper: SessionKeeper) -> None:
    """There is nothing to change about nobody."""
    nobody = new_id()
    for act in (
        lambda: change_profile(uow, nobody, "Ada", None),
        lambda: change_password(uow, guard, keeper, nobody, PasswordChange("x", "another horse battery")),
        lambda: set_roles(uow, nobody, [Role.CUSTOMER], BY),
        lambda: deactivate(uow, keeper, nobody, BY),
        lambda: activate(uow, nobody, BY),
    ):
        with pytest.raises(UnknownAccount):
            act()
