"""Spans and durations of what is asked of the stores: SQL statements and MongoDB commands.

Made by hand instead of by OpenTelemetry's instrumentations: those cost more than the statement itself, and make a trace
of each statement that belongs to none.
"""

import threading
import time
from dataclasses import dataclass
from typing import Any

from opentelemetry.trace import Span, SpanKind, StatusCode
from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent
from sqlalchemy import Connection, Engine, ExceptionContext, event

from chassis import metrics
from chassis.telemetry import is_recording, tracer

_STARTED = "quadrille_started"


@dataclass(frozen=True, slots=True)
class _Call:
    operation: str
    since: float
    span: Span | None


def _begin(store: str, operation: str, target: str, database: str, text: str | None) -> _Call:
    since = time.perf_counter()
    if not is_recording():
        return _Call(operation, since, None)
    attributes = {
        "db.system.name": store,
        "db.namespace": database,
        "db.operation.name": operation,
        "peer.service": store,
    }
    if text is not None:
        attributes["db.query.text"] = text
    span = tracer.start_span(f"{operation} {target}".strip(), kind=SpanKind.CLIENT, attributes=attributes)
    return _Call(operation, since, span)


def _end(store: str, call: _Call, failure: str | None = None) -> None:
    metrics.STORE_SECONDS.labels(store, call.operation).observe(time.perf_counter() - call.since)
    if call.span is None:
        return
    if failure is not None:
        call.span.set_attribute("error.type", failure)
        call.span.set_status(StatusCode.ERROR)
    call.span.end()


POSTGRES = "postgresql"
# A statement is text of ours; another first word than these would be a new label.
_OPERATIONS = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE"})


def watch_statements(engine: Engine) -> None:
    """Measures each statement of the engine; its text has placeholders, so no value gets into a span."""
    database = engine.url.database or ""

    def before(
        connection: Connection,
        _cursor: Any,
        statement: str,
        _parameters: Any,
        _context: Any,
        _many: bool,  # noqa: FBT001 - SQLAlchemy's
    ) -> None:
        word = statement.lstrip()[:6].upper()
        call = _begin(POSTGRES, word if word in _OPERATIONS else "OTHER", database, database, statement)
        connection.info.setdefault(_STARTED, []).append(call)

    def after(connection: Connection, *_: Any) -> None:
        _end(POSTGRES, connection.info[_STARTED].pop())

    def failed(context: ExceptionContext) -> None:
        if context.connection is not None and context.connection.info.get(_STARTED):
            _end(POSTGRES, context.connection.info[_STARTED].pop(), type(context.original_exception).__name__)

    event.listen(engine, "before_cursor_execute", before)
    event.listen(engine, "after_cursor_execute", after)
    event.listen(engine, "handle_error", failed)


MONGO = "mongodb"
_COMMANDS = frozenset({"find", "getMore", "insert", "update", "delete", "findAndModify", "aggregate", "count"})


class CommandWatch(CommandListener):
    """Measures each MongoDB command. Its content stays out: it holds what customers have typed."""

    def __init__(self) -> None:
        self._running = threading.local()

    def started(self, event: CommandStartedEvent) -> None:
        """See pymongo. A command ends in the thread in which it has started."""
        name = event.command_name if event.command_name in _COMMANDS else "other"
        collection = event.command.get(event.command_name)
        target = collection if isinstance(collection, str) else event.database_name
        self._running.call = _begin(MONGO, name, target, event.database_name, None)

    def succeeded(self, event: CommandSucceededEvent) -> None:  # noqa: ARG002 - pymongo's signature
        """See pymongo."""
        _end(MONGO, self._running.call)

    def failed(self, event: CommandFailedEvent) -> None:
        """See pymongo."""
        _end(MONGO, self._running.call, str(event.failure.get("codeName") or "error"))
