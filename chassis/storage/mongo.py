"""MongoDB: the client, and what keeps state, outbox and inbox of one aggregate in one document.

A single-document write is atomic without a replica set, so an order's outgoing events and the ids of the events that
it has handled are embedded in it, and every transition is one guarded `update_one`.
"""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from pymongo import MongoClient
from pymongo.errors import AutoReconnect, ConnectionFailure, PyMongoError, WriteConcernError

from chassis.logs import stop_with
from chassis.messaging.events import Event
from chassis.settings import MongoSettings
from chassis.spans.storage import CommandWatch
from chassis.storage.outbox import StoredEvent
from chassis.waiting import wait_until

Document = dict[str, Any]

TRANSIENT: tuple[type[Exception], ...] = (AutoReconnect, ConnectionFailure, WriteConcernError)
"""Errors of the server or of the way to it: worth another try."""

INBOX_SIZE = 50
"""Ids of handled events that a document keeps. The guards on version and status also reject what is older."""


def create_mongo_client(settings: MongoSettings, *, startup_timeout: float) -> MongoClient[Document]:
    """A client that writes with majority and journal, reached at least once; else the process ends with a sentence."""
    url = settings.mongo_url.get_secret_value()
    client: MongoClient[Document] = MongoClient(
        url,
        event_listeners=[CommandWatch()],
        tz_aware=True,
        serverSelectionTimeoutMS=3000,
        connectTimeoutMS=3000,
        socketTimeoutMS=10000,
        w="majority",
        journal=True,
        retryWrites=False,
    )
    problem = wait_until(lambda: check_mongo(client), startup_timeout)
    if problem is not None:
        address = urlsplit(url)
        stop_with(
            f"MongoDB at {address.hostname}:{address.port or 27017} cannot be used as {address.username} ({problem}): "
            "start it, or correct MONGO_URL.",
        )
    return client


def check_mongo(client: MongoClient[Document]) -> str | None:
    """None when the server answers and accepts the log-in, otherwise the reason."""
    try:
        client.get_default_database().list_collection_names()
    except PyMongoError as error:
        return str(error).splitlines()[0].split(", Timeout:")[0]
    return None


def outgoing(events: Iterable[Event]) -> Document:
    """The fields of a new document that hold its outgoing events."""
    stored = [_embedded(event) for event in events]
    return {"outbox": stored, "relay": True} if stored else {"outbox": []}


def transition(fields: Mapping[str, Any], events: Iterable[Event], cause: Event | None) -> Document:
    """The update that moves a document: its new fields, its next version, its events, and the id of their cause."""
    stored = [_embedded(event) for event in events]
    push: Document = {}
    changes = dict(fields)
    if stored:
        push["outbox"] = {"$each": stored}
        changes["relay"] = True
    if cause is not None:
        push.update(remembered(cause))
    update: Document = {"$set": changes, "$inc": {"version": 1}}
    return {**update, "$push": push} if push else update


def remembered(cause: Event) -> Document:
    """The push that puts the event into a document's inbox."""
    return {"inbox": {"$each": [str(cause.id)], "$slice": -INBOX_SIZE}}


def _embedded(event: Event) -> Document:
    stored = StoredEvent.of(event)
    return {
        "id": stored.id,
        "type": stored.type,
        "body": stored.body,
        "traceparent": stored.traceparent,
        "at": event.time,
    }
