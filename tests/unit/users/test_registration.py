"""Registration, over fakes."""

import pytest

from apps.users.domain.accounts import Language, Registration, Role
from apps.users.domain.events import UserRegistered
from apps.users.domain.refusals import EmailTaken, InvalidAccount, UnknownAccount
from apps.users.passwords import Passwords
from apps.users.service.accounts import ensure_account, profile, register
from chassis.identifiers import new_id
from tests.unit.users.fakes import Database, FakeUnitOfWork, a_registration


def test_register_makes_a_customer(uow: FakeUnitOfWork, database: Database, passwords: Passwords) -> None:
    """Whoever registers is a customer, with a hash in the place of the password."""
    account = register(uow, passwords, a_registration())
    assert database.accounts == {account.id: account}
    assert account.roles == {Role.CUSTOMER}
    assert passwords.matches(account.password_hash, a_registration().password)


def test_register_is_told(uow: FakeUnitOfWork, database: Database, passwords: Passwords) -> None:
    """The event carries what it takes to write to the user."""
    account = register(uow, passwords, a_registration(language=Language.RUSSIAN))
    assert database.events == [
        UserRegistered(
            user_id=account.id,
            email=account.email,
            name=account.name,
            roles=(Role.CUSTOMER,),
            language=Language.RUSSIAN,
        )
    ]


def test_taken_address(uow: FakeUnitOfWork, database: Database, passwords: Passwords) -> None:
    """A second account with one address is refused, and nothing is told."""
    register(uow, passwords, a_registration())
    with pytest.raises(EmailTaken):
        register(uow, passwords, a_registration(name="Another"))
    assert len(database.accounts) == len(database.events) == 1


def test_unfit_registration(uow: FakeUnitOfWork, database: Database, passwords: Passwords) -> None:
    """What breaks the rules leaves nothing behind."""
    with pytest.raises(InvalidAccount):
        register(uow, passwords, a_registration(password="short"))
    assert not database.accounts


def test_profile(uow: FakeUnitOfWork, passwords: Passwords) -> None:
    """An account is found by its id, another is not."""
    account = register(uow, passwords, a_registration())
    assert profile(uow, account.id) == account
    with pytest.raises(UnknownAccount):
        profile(uow, new_id())


def test_ensured_account_stays(uow: FakeUnitOfWork, database: Database, passwords: Passwords) -> None:
    """A second set-up with another password leaves the account as it is."""
    first = ensure_account(uow, passwords, a_registration(), Role.ADMIN)
    again = ensure_account(uow, passwords, a_registration(password="another password"), Role.ADMIN)
    assert first is not None
    assert again is None
    assert database.accounts == {first.id: first}
    assert first.roles == {Role.ADMIN}


def test_two_set_ups_at_once(uow: FakeUnitOfWork, database: Database, passwords: Passwords) -> None:
    """Whoever comes second between the look and the insert is content, too."""

    class Overtaken(Passwords):
        def __init__(self) -> None:
            """Does not hash, but lets the other set-up go first."""

        def hash(self, _password: str) -> str:
            register(FakeUnitOfWork(database), passwords, a_registration())
            return "hash"

    assert ensure_account(uow, Overtaken(), a_registration(), Role.ADMIN) is None


def test_password_is_not_shown() -> None:
    """A registration in a log line or a traceback does not give the password away."""
    assert "secret-password" not in repr(Registration("ada@example.com", "secret-password", "Ada"))
