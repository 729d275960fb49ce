"""What the tests of the users service begin with."""

from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

from apps.users.bootstrap import Users
from apps.users.domain.accounts import Registration
from apps.users.domain.log_ins import LogInLimit
from apps.users.passwords import HashCost, Passwords
from apps.users.service.passwords import PasswordGuard
from apps.users.settings import StorageSettings
from chassis.storage.outbox import StoredEvent

SECRET = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
OTHER_SECRET = "ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA="
PASSWORDS = Passwords(HashCost(memory_kib=8, passes=1, lanes=1, at_once=8))
GUARD = PasswordGuard(PASSWORDS, lambda: LogInLimit(failures=10, window=timedelta(minutes=5)))
ADA = Registration("ada@example.com", "correct horse battery", "Ada Lovelace")


def at_once(times: int, work: Callable[[], Any]) -> list[Any]:
    """The results of some who work at the same time; an exception is a result."""

    def outcome(_: int) -> Any:
        try:
            return work()
        except Exception as error:  # noqa: BLE001 - the test looks at it
            return error

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(outcome, range(times)))


def events(users: Users[StorageSettings]) -> list[StoredEvent]:
    """What waits in the outbox."""
    found: list[StoredEvent] = []

    def look(batch: Sequence[StoredEvent]) -> Collection[str]:
        found.extend(batch)
        return ()

    assert users.outbox.lead()
    users.outbox.drain(look, 100, ())
    users.outbox.resign()
    return found
