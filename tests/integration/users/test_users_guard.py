"""Log-in limits, administration and clients on a real PostgreSQL, where many act at once; and the time of a refusal."""

import statistics
import time
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from apps.users.bootstrap import Users
from apps.users.domain.accounts import Role
from apps.users.domain.log_ins import LogInLimit
from apps.users.domain.oauth import Client
from apps.users.domain.refusals import InvalidCredentials, TooManyLogIns
from apps.users.passwords import HashCost, Passwords
from apps.users.repositories import AccountFilter
from apps.users.service.accounts import change_profile, register
from apps.users.service.administration import search_accounts, set_roles
from apps.users.service.passwords import Credentials, PasswordGuard
from apps.users.settings import StorageSettings
from chassis.identifiers import new_id
from tests.integration.users.scene import ADA, GUARD, PASSWORDS, at_once

TRIES = 200


def test_many_guesses_at_once(users: Users[StorageSettings]) -> None:
    """Of sixteen guesses at the same moment ten are answered, and ten failures are kept."""
    register(users.unit_of_work(), PASSWORDS, ADA)
    wrong = Credentials(ADA.email, "wrong horse battery")
    outcomes = Counter(type(each) for each in at_once(16, lambda: GUARD.check(users.unit_of_work(), wrong)))
    assert outcomes == {InvalidCredentials: 10, TooManyLogIns: 6}
    with users.unit_of_work() as uow:
        assert uow.connection.scalar(text("SELECT count(*) FROM failed_log_ins")) == 10
    with pytest.raises(TooManyLogIns):
        GUARD.check(users.unit_of_work(), Credentials(ADA.email, ADA.password))


def test_success_forgets_failures(users: Users[StorageSettings]) -> None:
    """The failures of the address are gone, those of another stay."""
    account = register(users.unit_of_work(), PASSWORDS, ADA)
    right = Credentials(ADA.email, ADA.password)
    for email in (ADA.email, "bob@example.com"):
        with pytest.raises(InvalidCredentials):
            GUARD.check(users.unit_of_work(), Credentials(email, "wrong horse battery"))
    with users.unit_of_work() as uow:
        assert GUARD.admit(uow, right, account) == account
        uow.commit()
    with users.unit_of_work() as uow:
        assert uow.failed_log_ins.nth_newest(right.subject, 1) is None
        assert uow.failed_log_ins.nth_newest(Credentials("bob@example.com", "").subject, 1) is not None


@pytest.mark.timeout(300)
def test_refusals_take_the_same_time(users: Users[StorageSettings]) -> None:
    """Whoever measures cannot tell a wrong password from an unknown address: the medians differ by less than 10 %."""
    cost = HashCost(memory_kib=8192, passes=1, lanes=1, at_once=1)  # a part of the real one: there are many tries
    guard = PasswordGuard(Passwords(cost), lambda: LogInLimit(failures=10 * TRIES, window=timedelta(minutes=5)))
    register(users.unit_of_work(), guard.passwords, ADA)
    seconds: dict[str, list[float]] = {ADA.email: [], "bob@example.com": []}
    for _ in range(TRIES):
        for email, taken in seconds.items():  # in turn, so that what else the machine does burdens both
            started = time.perf_counter()
            with pytest.raises(InvalidCredentials):
                guard.check(users.unit_of_work(), Credentials(email, "wrong horse battery"))
            taken.append(time.perf_counter() - started)
    known, unknown = map(statistics.median, seconds.values())
    assert abs(known - unknown) < 0.1 * known, f"known {known:.4f} s, unknown {unknown:.4f} s"


def test_last_of_two_admins(users: Users[StorageSettings]) -> None:
    """Two admins who take the role from each other at the same moment do not both succeed."""
    admins = [
        register(users.unit_of_work(), PASSWORDS, replace(ADA, email=f"{name}@example.com"), [Role.ADMIN])
        for name in ("ada", "bob")
    ]
    waiting = iter(admins)
    outcomes = at_once(2, lambda: set_roles(users.unit_of_work(), next(waiting).id, [Role.CUSTOMER], new_id()))
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Account", "LastAdmin"]
    _, total = search_accounts(users.unit_of_work(), AccountFilter(role=Role.ADMIN), 0, 10)
    assert total == 1


def test_profiles_changed_at_once(users: Users[StorageSettings]) -> None:
    """Each change has a version of its own."""
    account = register(users.unit_of_work(), PASSWORDS, ADA)
    names = iter(f"Ada {number}" for number in range(6))
    changed = at_once(6, lambda: change_profile(users.unit_of_work(), account.id, next(names), None))
    assert sorted(each.version for each in changed) == [2, 3, 4, 5, 6, 7]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (AccountFilter(), ["ada", "eve", "root"]),
        (AccountFilter("EVE"), ["eve"]),
        (AccountFilter("lovelace"), ["ada", "eve", "root"]),
        (AccountFilter("%"), []),
        (AccountFilter(role=Role.ADMIN), ["root"]),
        (AccountFilter(role=Role.ADMIN, active=False), []),
        (AccountFilter(active=True), ["ada", "eve", "root"]),
    ],
)
def test_search(users: Users[StorageSettings], wanted: AccountFilter, found: list[str]) -> None:
    """By a plain part of name or address, by role, and by whether it is active; page by page."""
    for name in ("root", "eve", "ada"):
        roles = [Role.ADMIN] if name == "root" else [Role.CUSTOMER]
        register(users.unit_of_work(), PASSWORDS, replace(ADA, email=f"{name}@example.com"), roles)
    page, total = search_accounts(users.unit_of_work(), wanted, 0, 2)
    rest, _ = search_accounts(users.unit_of_work(), wanted, 2, 2)
    assert [each.email.partition("@")[0] for each in [*page, *rest]] == found
    assert total == len(found)


def test_clients_are_kept(users: Users[StorageSettings]) -> None:
    """A client is found as it was put last, and gone when it was removed."""
    first = Client("orders", "hash", frozenset({"b", "a"}))
    second = replace(first, scopes=frozenset({"c"}))
    for client in (first, second):
        with users.unit_of_work() as uow:
            uow.clients.put(client)
            assert (uow.clients.get("orders"), uow.clients.all()) == (client, [client])
            uow.commit()
    with users.unit_of_work() as uow:
        uow.clients.remove("orders")
        assert (uow.clients.get("orders"), uow.clients.all()) == (None, [])
