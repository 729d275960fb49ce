"""Failed log-ins in PostgreSQL."""

from datetime import datetime

from sqlalchemy import Column, Connection, DateTime, LargeBinary, MetaData, Table, delete, func, insert, select, text

_failed = Table("failed_log_ins", MetaData(), Column("subject", LargeBinary), Column("at", DateTime(timezone=True)))


class FailedLogInRows:
    """See `apps.users.repositories.FailedLogIns`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def lock(self, subject: bytes) -> None:
        """By an advisory lock: there may be no row yet. Two subjects that share one wait for each other in vain."""
        key = int.from_bytes(subject[:8], "big", signed=True)
        self._connection.execute(select(func.pg_advisory_xact_lock(key)))

    def nth_newest(self, subject: bytes, number: int) -> datetime | None:
        """By the index."""
        of_subject = select(_failed.c.at).where(_failed.c.subject == subject).order_by(_failed.c.at.desc())
        return self._connection.scalar(of_subject.offset(number - 1).limit(1))

    def add(self, subject: bytes, at: datetime) -> None:
        """One row."""
        self._connection.execute(insert(_failed).values(subject=subject, at=at))

    def forget(self, subject: bytes) -> None:
        """Deletes the rows."""
        self._connection.execute(delete(_failed).where(_failed.c.subject == subject))

    def remove(self, before: datetime, count: int) -> int:
        """The oldest first; a row that another one removes at this moment is left to it."""
        removing = text(
            "DELETE FROM failed_log_ins WHERE ctid IN"
            " (SELECT ctid FROM failed_log_ins WHERE at < :before ORDER BY at LIMIT :count FOR UPDATE SKIP LOCKED)"
        )
        return self._connection.execute(removing, {"before": before, "count": count}).rowcount
