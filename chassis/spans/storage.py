"""Spans and durations of what is asked of the stores: SQL statements and MongoDB commands.

Made by hand instead of by OpenTelemetry's instrumentations: those cost more than the statement itself, and make a trace
of each statement that belongs to none.
"""

import threading
import time
from typing import Any

from opentelemetry.trace import SpanKind
from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent
from sqlalchemy import Connection, Engine, ExceptionContext, event

from chassis import metrics
from chassis.telemetry import leaves

POSTGRES = "postgresql"
MONGO = "mongodb"
_TARGETS = {POSTGRES: "db.namespace", MONGO: "db.collection.name"}
# Another name than these would be a new label.
_STATEMENTS = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE"})
_COMMANDS = frozenset({"find", "getMore", "insert", "update", "delete", "findAndModify", "aggregate", "count"})

_STARTED = "quadrille_started"


def _note(
    store: str, operation: str, target: str, since: int, *, text: str | None = None, failure: str | None = None
) -> None:
    metrics.STORE_SECONDS.labels(store, operation).observe((time.time_ns() - since) / 1e9)
    attributes = {
        "db.system.name": store,
        "db.operation.name": operation,
        _TARGETS[store]: target,
        "peer.service": store,
    }
    if text is not None:
        attributes["db.query.text"] = text
    if failure is not None:
        attributes["error.type"] = failure
    leaves.write(f"{operation} {target}", SpanKind.CLIENT, attributes, since, failure)


def watch_statements(engine: Engine) -> None:
    """Measures each statement of the engine; its text has placeholders, so no value gets into a span."""
    database = engine.url.database or ""

    def before(connection: Connection, *_: Any) -> None:
        connection.info.setdefault(_STARTED, []).append(time.time_ns())

    def ended(connection: Connection, statement: str, failure: str | None = None) -> None:
        word = statement.lstrip()[:6].upper()
        operation = word if word in _STATEMENTS else "OTHER"
        since = connection.info[_STARTED].pop()
        _note(POSTGRES, operation, database, since, text=statement, failure=failure)

    def after(connection: Connection, _cursor: Any, statement: str, *_: Any) -> None:
        ended(connection, statement)

    def failed(context: ExceptionContext) -> None:
        if context.connection is not None and context.connection.info.get(_STARTED):
            ended(context.connection, context.statement or "", type(context.original_exception).__name__)

    event.listen(engine, "before_cursor_execute", before)
    event.listen(engine, "after_cursor_execute", after)
    event.listen(engine, "handle_error", failed)


class CommandWatch(CommandListener):
    """Measures each MongoDB command. Its content stays out: it holds what customers have typed."""

    def __init__(self) -> None:
        self._running = threading.local()

    def started(self, event: CommandStartedEvent) -> None:
        """See pymongo. A command ends in the thread in which it has started."""
        collection = event.command.get(event.command_name)
        self._running.target = collection if isinstance(collection, str) else event.database_name
        self._running.since = time.time_ns()

    def succeeded(self, event: CommandSucceededEvent) -> None:
        """See pymongo."""
        self._ended(event.command_name, None)

    def failed(self, event: CommandFailedEvent) -> None:
        """See pymongo."""
        self._ended(event.command_name, str(event.failure.get("codeName") or "error"))

    def _ended(self, command: str, failure: str | None) -> None:
        operation = command if command in _COMMANDS else "other"
        _note(MONGO, operation, self._running.target, self._running.since, failure=failure)
