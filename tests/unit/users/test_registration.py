"""The use cases, over fakes."""

import pytest

from apps.users import service
from apps.users.domain.accounts import (
    EmailTaken,
    InvalidCredentials,
    InvalidRegistration,
    Registration,
    Role,
    UnknownAccount,
)
from apps.users.domain.events import UserRegistered
from apps.users.passwords import Passwords
from apps.users.signing import KeyCipher, NoSigningKey
from chassis.identifiers import new_id
from tests.unit.users.fakes import OTHER_SECRET, Database, FakeUnitOfWork, a_registration, an_issuer


class CountingPasswords(Passwords):
    """Counts what is checked."""

    def __init__(self, real: Passwords) -> None:
        self._real = real
        self.checks = 0

    def matches(self, stored: str | None, password: str) -> bool:
        """As the real ones."""
        self.checks += 1
        return self._real.matches(stored, password)


def test_register_makes_a_customer(uow: FakeUnitOfWork, database: Database, passwords: Passwords) -> None:
    """Whoever registers is a customer, with a hash in the place of the password."""
    account = service.register(uow, passwords, a_registration())
    assert database.accounts == {account.id: account}
    assert account.roles == {Role.CUSTOMER}
    assert passwords.matches(account.password_hash, a_registration().password)


def test_register_is_told(uow: FakeUnitOfWork, database: Database, passwords: Passwords) -> None:
    """The event carries what it takes to write to the user."""
    account = service.register(uow, passwords, a_registration())
    assert database.events == [
        UserRegistered(user_id=account.id, email=account.email, name=account.name, roles=(Role.CUSTOMER,))
    ]


def test_taken_address(uow: FakeUnitOfWork, database: Database, passwords: Passwords) -> None:
    """A second account with one address is refused, and nothing is told."""
    service.register(uow, passwords, a_registration())
    with pytest.raises(EmailTaken):
        service.register(uow, passwords, a_registration(name="Another"))
    assert len(database.accounts) == len(database.events) == 1


def test_unfit_registration(uow: FakeUnitOfWork, database: Database, passwords: Passwords) -> None:
    """What breaks the rules leaves nothing behind."""
    with pytest.raises(InvalidRegistration):
        service.register(uow, passwords, a_registration(password="short"))
    assert not database.accounts


def test_log_in(uow: FakeUnitOfWork, passwords: Passwords, cipher: KeyCipher) -> None:
    """The right password is worth a token."""
    wanted = a_registration()
    service.register(uow, passwords, wanted)
    assert service.log_in(uow, passwords, an_issuer(cipher), wanted.email, wanted.password).expires_in == 600


@pytest.mark.parametrize(
    ("email", "password"),
    [("ada@example.com", "wrong horse battery"), ("bob@example.com", "correct horse battery"), (None, "x")],
)
def test_log_in_is_refused(
    uow: FakeUnitOfWork, passwords: Passwords, cipher: KeyCipher, email: str | None, password: str
) -> None:
    """Every wrong log-in is refused in the same words, and costs one hash."""
    service.register(uow, passwords, a_registration())
    counting = CountingPasswords(passwords)
    with pytest.raises(InvalidCredentials, match=r"The e-mail address or the password is wrong\."):
        service.log_in(uow, counting, an_issuer(cipher), email, password)
    assert counting.checks == 1


def test_log_in_without_key(database: Database, uow: FakeUnitOfWork, passwords: Passwords, cipher: KeyCipher) -> None:
    """Without a signing key there is a reason that names the remedy."""
    wanted = a_registration()
    service.register(uow, passwords, wanted)
    database.keys.clear()
    with pytest.raises(NoSigningKey, match="run the set-up"):
        service.log_in(uow, passwords, an_issuer(cipher), wanted.email, wanted.password)


def test_profile(uow: FakeUnitOfWork, passwords: Passwords) -> None:
    """An account is found by its id, another is not."""
    account = service.register(uow, passwords, a_registration())
    assert service.profile(uow, account.id) == account
    with pytest.raises(UnknownAccount):
        service.profile(uow, new_id())


def test_ensured_account_stays(uow: FakeUnitOfWork, database: Database, passwords: Passwords) -> None:
    """A second set-up with another password leaves the account as it is."""
    first = service.ensure_account(uow, passwords, a_registration(), Role.ADMIN)
    again = service.ensure_account(uow, passwords, a_registration(password="another password"), Role.ADMIN)
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
            service.register(FakeUnitOfWork(database), passwords, a_registration())
            return "hash"

    assert service.ensure_account(uow, Overtaken(), a_registration(), Role.ADMIN) is None


def test_first_signing_key(uow: FakeUnitOfWork, database: Database, cipher: KeyCipher) -> None:
    """The first set-up makes a key, the next keeps it."""
    database.keys.clear()
    made = service.ensure_signing_key(uow, cipher)
    assert service.ensure_signing_key(uow, cipher) is None
    assert database.keys == [made]
    assert service.signing_key_problem(uow, cipher) is None


def test_key_of_another_secret(uow: FakeUnitOfWork, database: Database) -> None:
    """A changed secret is noticed, and the key is kept for the right one."""
    with pytest.raises(NoSigningKey):
        service.ensure_signing_key(uow, KeyCipher(OTHER_SECRET))
    assert len(database.keys) == 1
    assert "TOKEN_KEY_SECRET" in str(service.signing_key_problem(uow, KeyCipher(OTHER_SECRET)))


def test_example_is_an_event() -> None:
    """The example in the event's schema is a valid event."""
    examples = UserRegistered.model_json_schema()["examples"]
    assert [UserRegistered.model_validate(example) for example in examples]


def test_password_is_not_shown() -> None:
    """A registration in a log line or a traceback does not give the password away."""
    assert "secret-password" not in repr(Registration("ada@example.com", "secret-password", "Ada"))
