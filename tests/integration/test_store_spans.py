"""Spans and durations of real statements and commands."""

from collections.abc import Callable, Iterator

import pymongo
import pytest
from opentelemetry.trace import SpanKind, StatusCode
from prometheus_client import REGISTRY
from pydantic import SecretStr
from pymongo.errors import OperationFailure
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from chassis.settings import MongoSettings, PostgresSettings
from chassis.storage.mongo import Document, create_mongo_client
from chassis.storage.postgres import create_postgres_engine
from tests.tracing import Recorder


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    """The spans of this test."""
    return Recorder(monkeypatch)


@pytest.fixture
def engine(new_postgres_database: Callable[[], str]) -> Iterator[Engine]:
    """An engine as the services make it."""
    made = create_postgres_engine(PostgresSettings(database_url=SecretStr(new_postgres_database())), startup_timeout=30)
    yield made
    made.dispose()


@pytest.fixture
def client(new_mongo_database: Callable[[], str]) -> Iterator[pymongo.MongoClient[Document]]:
    """A client as the services make it."""
    with create_mongo_client(MongoSettings(mongo_url=SecretStr(new_mongo_database())), startup_timeout=30) as made:
        yield made


def calls(store: str, operation: str) -> float:
    """How often the store was measured."""
    labels = {"store": store, "operation": operation}
    return REGISTRY.get_sample_value("store_call_seconds_count", labels) or 0.0


def test_statement_has_a_span_without_values(engine: Engine, recorder: Recorder) -> None:
    """Operation, database and text are there; what was asked with is not."""
    before = calls("postgresql", "SELECT")
    with recorder.tracer.start_as_current_span("request"), engine.connect() as connection:
        connection.execute(text("SELECT :secret"), {"secret": "swordfish"})
    span = next(each for each in recorder.ended if "%(secret)s" in str((each.attributes or {}).get("db.query.text")))
    assert span.name == f"SELECT {engine.url.database}"
    assert span.kind is SpanKind.CLIENT
    attributes = dict(span.attributes or {})
    assert (attributes["db.system.name"], attributes["db.namespace"]) == ("postgresql", engine.url.database)
    assert "swordfish" not in str(attributes)
    assert calls("postgresql", "SELECT") > before


def test_failed_statement_marks_its_span(engine: Engine, recorder: Recorder) -> None:
    """The kind of the error, and not its words, which may repeat values."""
    with recorder.tracer.start_as_current_span("request"), engine.connect() as connection:
        with pytest.raises(DBAPIError):
            connection.execute(text("SELECT 1 / 0"))
        connection.rollback()
        connection.execute(text("SELECT 1"))
    statuses = {str((span.attributes or {}).get("db.query.text")): span.status.status_code for span in recorder.ended}
    assert statuses["SELECT 1 / 0"] is StatusCode.ERROR
    assert statuses["SELECT 1"] is StatusCode.UNSET


def test_statement_outside_a_trace_makes_none(engine: Engine, recorder: Recorder) -> None:
    """The relay asks for its outbox all the time; a trace of each would drown the others."""
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))
    assert recorder.ended == ()


def test_command_has_a_span_without_content(client: pymongo.MongoClient[Document], recorder: Recorder) -> None:
    """Command, collection and database are there; the document is not."""
    before = calls("mongodb", "insert")
    with recorder.tracer.start_as_current_span("request"):
        client.get_default_database()["things"].insert_one({"secret": "swordfish"})
    span = next(each for each in recorder.ended if each.name == "insert things")
    attributes = dict(span.attributes or {})
    assert (attributes["db.system.name"], attributes["db.collection.name"]) == ("mongodb", "things")
    assert "swordfish" not in str(attributes)
    assert calls("mongodb", "insert") == before + 1


def test_failed_command_marks_its_span(client: pymongo.MongoClient[Document], recorder: Recorder) -> None:
    """The kind of the error alone."""
    with recorder.tracer.start_as_current_span("request"), pytest.raises(OperationFailure):
        client.get_default_database().command("nonsense")
    span = next(each for each in recorder.ended if each.name != "request")
    assert span.status.status_code is StatusCode.ERROR
    assert (span.attributes or {})["db.operation.name"] == "other"


def test_command_outside_a_trace_makes_none(client: pymongo.MongoClient[Document], recorder: Recorder) -> None:
    """As with statements."""
    client.get_default_database()["things"].find_one({})
    assert recorder.ended == ()
