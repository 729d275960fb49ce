"""What the users service tells itself to do; the scheduler says when."""

from collections.abc import Callable

from apps.users.metrics import PURGED
from apps.users.repositories import UnitOfWorkFactory
from apps.users.service import keys, purge
from apps.users.settings import KeySettings, SessionSettings
from chassis.times import utc_now

ROTATE = "workers.users.tasks.rotate_signing_keys"
PURGE = "workers.users.tasks.purge_dead"
BATCH = 500


def rotate_signing_keys(unit_of_work: UnitOfWorkFactory, settings: KeySettings) -> None:
    """Makes the next signing key when the present one has lived its time, and drops those that are withdrawn."""
    keys.rotate_when_due(unit_of_work(), settings.key_cipher(), settings.key_rules())
    PURGED.labels("signing_keys").inc(keys.remove_withdrawn(unit_of_work(), utc_now()))


def purge_dead(unit_of_work: UnitOfWorkFactory, settings: SessionSettings) -> None:
    """Clears away sessions, tokens and failures that nobody needs any more."""
    rules, limit = settings.session_rules(), settings.log_in_limit()
    _all("answers", lambda: purge.forget_answers(unit_of_work(), rules, utc_now(), BATCH))
    _all("sessions", lambda: purge.remove_dead_sessions(unit_of_work(), utc_now(), BATCH))
    _all("refresh_tokens", lambda: purge.remove_expired_tokens(unit_of_work(), utc_now(), BATCH))
    _all("failed_log_ins", lambda: purge.forget_failed_log_ins(unit_of_work(), limit, utc_now(), BATCH))


def _all(kind: str, act: Callable[[], int]) -> None:
    done = BATCH
    while done == BATCH:
        done = act()
        PURGED.labels(kind).inc(done)
