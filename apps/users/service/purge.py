"""What nobody needs any more is cleared away, batch by batch: each is a transaction of its own."""

from datetime import datetime, timedelta

from apps.users.domain.log_ins import LogInLimit
from apps.users.domain.sessions import SessionRules
from apps.users.repositories import UnitOfWork

REMEMBERED = timedelta(days=1)  # so long after its end a session still tells a stolen token from a made-up one


def forget_answers(uow: UnitOfWork, rules: SessionRules, now: datetime, count: int) -> int:
    """Drops the answers that were given for refresh tokens whose grace is over. Returns how many."""
    with uow:
        forgotten = uow.sessions.forget_answers(now - rules.grace, count)
        uow.commit()
    return forgotten


def remove_dead_sessions(uow: UnitOfWork, now: datetime, count: int) -> int:
    """Drops sessions that ended a while ago, and their tokens. Returns how many."""
    with uow:
        removed = uow.sessions.remove_dead(now - REMEMBERED, count)
        uow.commit()
    return removed


def remove_expired_tokens(uow: UnitOfWork, now: datetime, count: int) -> int:
    """Drops refresh tokens that expired a while ago, spent or not. Returns how many."""
    with uow:
        removed = uow.sessions.remove_expired_tokens(now - REMEMBERED, count)
        uow.commit()
    return removed


def forget_failed_log_ins(uow: UnitOfWork, limit: LogInLimit, now: datetime, count: int) -> int:
    """Drops failures that no longer count. Returns how many."""
    with uow:
        removed = uow.failed_log_ins.remove(now - limit.window, count)
        uow.commit()
    return removed
