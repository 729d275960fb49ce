"""Accounts on a real PostgreSQL, and many who register at once."""

from dataclasses import replace

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from apps.users.bootstrap import Users
from apps.users.domain.accounts import Role
from apps.users.domain.refusals import EmailTaken
from apps.users.service.accounts import profile, register
from apps.users.settings import StorageSettings
from chassis.messaging.events import decode
from tests.integration.users.scene import ADA, PASSWORDS, at_once, events


def test_account_is_found_again(users: Users[StorageSettings]) -> None:
    """What was registered is read back as it was, by id and by address."""
    account = register(users.unit_of_work(), PASSWORDS, ADA, [Role.MANAGER, Role.CUSTOMER])
    assert profile(users.unit_of_work(), account.id) == account
    with users.unit_of_work() as uow:
        assert uow.accounts.find_by_email(ADA.email) == account


def test_event_is_stored_with_the_account(users: Users[StorageSettings]) -> None:
    """The outbox holds the event, ready to be sent."""
    account = register(users.unit_of_work(), PASSWORDS, ADA)
    (stored,) = events(users)
    event = decode(stored.body.encode())
    assert (event.type, event.subject, event.sequence) == ("user.registered", str(account.id), 1)
    assert event.data == {
        "user_id": str(account.id), "email": ADA.email, "name": ADA.name, "roles": ["customer"], "language": "en",
    }  # fmt: skip


def test_taken_address(users: Users[StorageSettings]) -> None:
    """A second account with one address is refused, and tells nothing."""
    register(users.unit_of_work(), PASSWORDS, ADA)
    with pytest.raises(EmailTaken):
        register(users.unit_of_work(), PASSWORDS, replace(ADA, name="Another"))
    assert len(events(users)) == 1


def test_one_of_many_gets_the_address(users: Users[StorageSettings]) -> None:
    """Of those who register with one address at the same time, one succeeds."""
    outcomes = at_once(6, lambda: register(users.unit_of_work(), PASSWORDS, ADA))
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Account"] + ["EmailTaken"] * 5
    assert len(events(users)) == 1


@pytest.mark.parametrize("roles", [[], ["emperor"]])
def test_roles_are_known_ones(users: Users[StorageSettings], roles: list[str]) -> None:
    """The database keeps no account without a role, or with one that nobody knows."""
    account = register(users.unit_of_work(), PASSWORDS, ADA)
    change = text("UPDATE accounts SET roles = :roles WHERE id = :id")
    with users.unit_of_work() as uow, pytest.raises(IntegrityError):
        uow.connection.execute(change, {"roles": roles, "id": account.id})
