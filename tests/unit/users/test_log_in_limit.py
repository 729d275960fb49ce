"""How often somebody may guess a password, over fakes and a clock that is turned."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from apps.users.domain.accounts import Account
from apps.users.domain.refusals import InvalidCredentials, TooManyLogIns
from apps.users.passwords import HashCost, Passwords
from apps.users.security import SECURITY_EVENTS
from apps.users.service.accounts import register
from apps.users.service.passwords import Credentials, PasswordGuard
from apps.users.service.sessions import SessionKeeper, log_in
from tests.unit.users.fakes import Clock, Database, FakeUnitOfWork, a_registration

ADA = a_registration()
LogIn = Callable[..., None]


@pytest.fixture
def account(uow: FakeUnitOfWork, passwords: Passwords) -> Account:
    """Ada's."""
    return register(uow, passwords, ADA)


@pytest.fixture
def try_password(uow: FakeUnitOfWork, guard: PasswordGuard, keeper: SessionKeeper, account: Account) -> LogIn:
    """Logs in with a password, Ada's if none is given."""

    def attempt(password: str = ADA.password, email: str | None = ADA.email) -> None:
        log_in(uow, guard, keeper, Credentials(email, password))

    return attempt


def fail(try_password: LogIn, times: int, email: str | None = ADA.email) -> None:
    for _ in range(times):
        with pytest.raises(InvalidCredentials):
            try_password("wrong horse battery", email)


def test_tenth_failure_blocks(try_password: LogIn, clock: Clock) -> None:
    """After ten failures in five minutes not even the right password is looked at, until the first is old enough."""
    fail(try_password, 9)
    clock.turn(seconds=100)
    fail(try_password, 1)
    with pytest.raises(TooManyLogIns) as refusal:
        try_password()
    assert refusal.value.retry_after == 200
    clock.turn(seconds=199.5)
    with pytest.raises(TooManyLogIns) as refusal:
        try_password("wrong horse battery")
    assert refusal.value.retry_after == 1
    clock.turn(seconds=1)
    try_password()


def test_refused_attempts_do_not_count(try_password: LogIn, clock: Clock) -> None:
    """Whoever goes on guessing does not keep the owner out for longer."""
    fail(try_password, 10)
    for _ in range(5):
        clock.turn(seconds=50)
        with pytest.raises(TooManyLogIns):
            try_password()
    clock.turn(seconds=51)
    try_password()


def test_success_forgets_failures(try_password: LogIn, database: Database) -> None:
    """Who has found the right password starts anew."""
    fail(try_password, 9)
    try_password()
    assert not database.failed_log_ins
    fail(try_password, 9)


def test_unknown_address_is_blocked_as_well(try_password: LogIn) -> None:
    """Else the limit would tell which addresses have an account. Another address is not blocked by it."""
    fail(try_password, 10, "bob@example.com")
    with pytest.raises(TooManyLogIns):
        try_password(email="bob@example.com")
    try_password()


def test_no_address_is_never_blocked(try_password: LogIn, database: Database) -> None:
    """What is no address has no account to guard, and nobody shares a count with others' typing errors."""
    fail(try_password, 12, None)
    assert not database.failed_log_ins


def test_guesses_in_parallel(
    uow: FakeUnitOfWork, guard: PasswordGuard, keeper: SessionKeeper, try_password: LogIn
) -> None:
    """The right password that was found while others used up the guesses is not told to be right."""

    class Overtaken(Passwords):
        def __init__(self) -> None:
            """Lets ten others go first."""

        def matches(self, stored: str | None, password: str) -> bool:
            fail(try_password, 10)
            return guard.passwords.matches(stored, password)

        def is_outdated(self, stored: str) -> bool:
            return False

    with pytest.raises(TooManyLogIns):
        log_in(uow, replace(guard, passwords=Overtaken()), keeper, Credentials(ADA.email, ADA.password))


def test_failures_are_counted(try_password: LogIn) -> None:
    """Failures and blocks show in the metrics."""
    failed, blocked = (SECURITY_EVENTS.labels(event) for event in ("log_in_failed", "log_in_blocked"))
    before = failed._value.get(), blocked._value.get()  # noqa: SLF001 - there is no other way
    fail(try_password, 10)
    with pytest.raises(TooManyLogIns):
        try_password()
    assert (failed._value.get(), blocked._value.get()) == (before[0] + 10, before[1] + 1)  # noqa: SLF001 - as above


def test_old_hash_is_renewed(
    uow: FakeUnitOfWork, database: Database, guard: PasswordGuard, keeper: SessionKeeper, account: Account
) -> None:
    """A log-in replaces a hash of other parameters; one of the present ones stays."""
    stronger = replace(guard, passwords=Passwords(HashCost(memory_kib=16, passes=1, lanes=1, at_once=1)))
    credentials = Credentials(ADA.email, ADA.password)
    log_in(uow, stronger, keeper, credentials)
    renewed = database.accounts[account.id]
    assert "$m=16,t=1,p=1$" in renewed.password_hash
    assert renewed == replace(account, password_hash=renewed.password_hash)
    log_in(uow, stronger, keeper, credentials)
    assert database.accounts[account.id] == renewed
