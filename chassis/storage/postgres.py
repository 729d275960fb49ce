"""PostgreSQL: the engine, and the unit of work that commits state, outbox and inbox in one transaction."""

from types import TracebackType
from typing import Self

from pydantic import BaseModel
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted

from chassis import failpoints
from chassis.http.idempotency import Once, StoredAnswer
from chassis.logs import stop_with
from chassis.messaging.events import DuplicateEvent, Event, publication
from chassis.settings import PostgresSettings
from chassis.spans.storage import watch_statements
from chassis.storage.outbox import StoredEvent
from chassis.storage.postgres_answers import claim, find_answer, keep_answer
from chassis.waiting import wait_until

TRANSIENT: tuple[type[Exception], ...] = (OperationalError, InterfaceError, PoolExhausted)
"""Errors of the server or of the way to it (deadlocks and serialization failures among them): worth another try."""

# A connection of which nothing comes any more, not even its end, would hold its thread for many minutes.
SOON_KNOWN_DEAD = {
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 2,
    "tcp_user_timeout": 15_000,  # milliseconds
}

# The tables of the chain, as a service's first migration creates them. A change is a new constant and a new migration.
MESSAGING_TABLES_V1 = """
CREATE TABLE outbox (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id uuid NOT NULL UNIQUE,
    type text NOT NULL,
    body text NOT NULL,
    traceparent text,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE inbox (
    event_id uuid PRIMARY KEY,
    received_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX inbox_received_at ON inbox (received_at);
"""

_REMEMBER = text("INSERT INTO inbox (event_id) VALUES (:id) ON CONFLICT DO NOTHING")
_STORE = text("INSERT INTO outbox (id, type, body, traceparent) VALUES (:id, :type, :body, :traceparent)")


def create_postgres_engine(settings: PostgresSettings, *, startup_timeout: float) -> Engine:
    """An engine on the service's database, reached at least once; otherwise the process ends with a sentence."""
    engine = create_engine(
        settings.database_url.get_secret_value(),
        pool_size=settings.database_pool_size,
        max_overflow=0,
        pool_timeout=5,
        pool_pre_ping=True,
        hide_parameters=True,  # an error's text goes to the log; what customers typed must not
        connect_args={
            "connect_timeout": 3,
            "options": "-c statement_timeout=10000 -c lock_timeout=5000",
            **SOON_KNOWN_DEAD,
        },
    )
    watch_statements(engine)
    problem = wait_until(lambda: check_postgres(engine), startup_timeout)
    if problem is not None:
        stop_with(
            f"PostgreSQL at {engine.url.host}:{engine.url.port} cannot be used as {engine.url.username} ({problem}): "
            "start it, or correct DATABASE_URL.",
        )
    return engine


def check_postgres(engine: Engine) -> str | None:
    """None when a connection can be had and answers, otherwise the reason."""
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))
    except DBAPIError as error:
        return str(error.orig).strip().splitlines()[0]
    return None


class UnitOfWork:
    """One transaction. It holds the new state, the events to publish and, in a worker, the event that caused it.

    Entering it for an event that was handled before raises `DuplicateEvent`. The insert into the inbox makes a second
    delivery that runs at the same time wait until the first has committed, so that its effect comes once. For a request
    that may be repeated the same holds with its key, and `KeyTaken`.
    """

    def __init__(self, engine: Engine, service: str, cause: Event | None = None, once: Once | None = None) -> None:
        self._engine = engine
        self._service = service
        self._cause = cause
        self._once = once
        self._events: list[Event] = []

    @property
    def connection(self) -> Connection:
        """The transaction's connection, for the repositories."""
        return self._connection

    def __enter__(self) -> Self:
        self._connection = self._engine.connect()
        try:
            self._connection.begin()
            if self._cause is not None and not self._connection.execute(_REMEMBER, {"id": self._cause.id}).rowcount:
                raise DuplicateEvent(self._cause.id)
            if self._once is not None:
                claim(self._connection, self._once.key)
        except BaseException:
            self._connection.close()
            raise
        return self

    def publish(self, event: BaseModel, *, subject: str, sequence: int, correlation: str | None = None) -> None:
        """Notes an event that leaves when this transaction has committed."""
        self._events.append(
            publication(
                event,
                source=self._service,
                subject=subject,
                sequence=sequence,
                correlation=correlation,
                cause=self._cause,
            ),
        )

    def answer(self, outcome: object) -> None:
        """Keeps how the outcome is answered, if the request may be repeated."""
        if self._once is not None:
            keep_answer(self._connection, self._once.key, self._once.answer(outcome))

    def answered(self, key: str) -> StoredAnswer | None:
        """What was answered to the request with that key."""
        return find_answer(self._connection, key)

    def commit(self) -> None:
        """Writes the noted events and commits all of it."""
        if self._events:
            self._connection.execute(_STORE, [_row(event) for event in self._events])
            self._events.clear()
        failpoints.reached(failpoints.BEFORE_COMMIT)
        self._connection.commit()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._connection.close()  # rolls back what was not committed


def _row(event: Event) -> dict[str, object]:
    stored = StoredEvent.of(event)
    return {"id": stored.id, "type": stored.type, "body": stored.body, "traceparent": stored.traceparent}
