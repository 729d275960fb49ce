"""What was answered to requests that may be repeated, in the database of a PostgreSQL service.

Repetitions that run at the same time wait for each other by an advisory lock, so that the effect comes once.
"""

import json

from psycopg.errors import LockNotAvailable
from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from chassis.http.idempotency import KEPT, KeyTaken, StoredAnswer
from chassis.times import utc_now

# As a service's migration creates it. A change is a new constant and a new migration.
ANSWERS_TABLE_V1 = """
CREATE TABLE answers (
    key text PRIMARY KEY,
    fingerprint text NOT NULL,
    status smallint NOT NULL,
    body text NOT NULL,
    headers jsonb NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX answers_expires_at ON answers (expires_at)
"""

_WAIT_FOR_THE_FIRST = text("SET LOCAL lock_timeout = '2s'")
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))")
_WAIT_AS_USUAL = text("SET LOCAL lock_timeout TO DEFAULT")
_FIND = text("SELECT fingerprint, status, body, headers FROM answers WHERE key = :key AND expires_at > now()")
_FORGET = text("DELETE FROM answers WHERE expires_at <= now()")
_KEEP = text(
    "INSERT INTO answers (key, fingerprint, status, body, headers, expires_at)"
    " VALUES (:key, :fingerprint, :status, :body, CAST(:headers AS jsonb), :expires_at)"
)


def find_answer(connection: Connection, key: str) -> StoredAnswer | None:
    """What was answered to the request with that key, unless that is too long ago."""
    row = connection.execute(_FIND, {"key": key}).one_or_none()
    return StoredAnswer(*row) if row else None


def claim(connection: Connection, key: str) -> None:
    """Makes the key this transaction's own. Raises `KeyTaken` when it is answered, or will be by another one."""
    connection.execute(_WAIT_FOR_THE_FIRST)
    try:
        connection.execute(_LOCK, {"key": key})
    except OperationalError as error:
        if isinstance(error.orig, LockNotAvailable):
            raise KeyTaken from error
        raise
    connection.execute(_WAIT_AS_USUAL)
    if find_answer(connection, key) is not None:
        raise KeyTaken


def keep_answer(connection: Connection, key: str, answer: StoredAnswer) -> None:
    """Writes the answer of a claimed key, and drops those that are too old."""
    connection.execute(_FORGET)
    columns = {
        "key": key,
        "fingerprint": answer.fingerprint,
        "status": answer.status,
        "body": answer.body,
        "headers": json.dumps(dict(answer.headers)),
        "expires_at": utc_now() + KEPT,
    }
    connection.execute(_KEEP, columns)
