"""Orders and the copy of the catalogue in MongoDB: one document each, every write one guarded operation."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from bson.decimal128 import Decimal128
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from apps.orders.domain.lines import Line, Lines, Product
from apps.orders.domain.money import Money
from apps.orders.domain.order import WAITING, Order, Status, Transition
from apps.orders.domain.timeline import Entry, Timeline
from apps.orders.repositories import Heard
from chassis.http.idempotency import KEPT, KeyTaken, Receipt, StoredAnswer
from chassis.messaging.events import DuplicateEvent, Event, publication
from chassis.storage.mongo import Document, outgoing, remembered, transition
from chassis.storage.mongo_outbox import MongoOutbox
from chassis.telemetry import trace_id_of
from chassis.times import utc_now

SERVICE = "orders"

_STATE_ONLY = {"outbox": 0, "inbox": 0, "timeline": 0, "answer": 0}
_STATE_AND_INBOX = {"outbox": 0, "timeline": 0, "answer": 0}
_FORGOTTEN = {"idempotency_key": "", "answer": ""}


def outbox_of(database: Database[Document]) -> MongoOutbox:
    """The outbox that the orders' documents make together."""
    return MongoOutbox(database["orders"], database["leases"])


class MongoOrders:
    """See `apps.orders.repositories.Orders`."""

    def __init__(self, database: Database[Document]) -> None:
        self._orders = database["orders"]

    def find(self, order_id: UUID, cause: Event | None = None) -> Order | None:
        """See `Orders`."""
        document = self._orders.find_one({"_id": str(order_id)}, _STATE_AND_INBOX if cause else _STATE_ONLY)
        if document is None:
            return None
        if cause is not None and str(cause.id) in document["inbox"]:
            raise DuplicateEvent(cause.id)
        return _order(document)

    def add(self, placing: Transition, receipt: Receipt | None = None) -> None:
        """See `Orders`."""
        order, events = placing.order, _publications(placing, None)
        document = {
            "_id": str(order.id),
            "customer_id": str(order.customer_id),
            "version": order.version,
            "created_at": order.created_at,
            **_state(order),
            **_asked_in(events),
            **outgoing(events),
            **_kept(receipt),
            "inbox": [],
            "timeline": _entries(placing, events, None),
        }
        try:
            self._orders.insert_one(document)
        except DuplicateKeyError as error:
            raise KeyTaken from error

    def answered(self, key: str) -> StoredAnswer | None:
        """See `Orders`. An expired key is freed for a new request."""
        document = self._orders.find_one({"idempotency_key": key}, {"answer": 1})
        if document is None:
            return None
        answer = document["answer"]
        if answer["expires_at"] < utc_now():
            self._orders.update_one({"_id": document["_id"], "idempotency_key": key}, {"$unset": _FORGOTTEN})
            return None
        return StoredAnswer(answer["fingerprint"], answer["status"], answer["body"], answer["headers"])

    def save(self, before: Order, transition_: Transition, heard: Heard | None) -> bool:
        """See `Orders`. The version also guards the inbox that `find` has looked into."""
        cause = heard.event if heard else None
        events = _publications(transition_, cause)
        known, wanted = _state(before), _state(transition_.order)
        changes = {name: value for name, value in wanted.items() if value != known[name]}
        update = transition({**changes, **_asked_in(events)}, events, cause)
        update.setdefault("$push", {})["timeline"] = {"$each": _entries(transition_, events, heard)}
        written = self._orders.update_one({"_id": str(before.id), "version": before.version}, update)
        return written.matched_count == 1

    def note(self, order_id: UUID, heard: Heard) -> None:
        """See `Orders`. Its guard is the inbox: nothing of the state moves, so the version stays."""
        unheard = {"_id": str(order_id), "inbox": {"$ne": str(heard.event.id)}}
        entry = _entry(heard.event, heard.detail, utc_now())
        self._orders.update_one(unheard, {"$push": {**remembered(heard.event), "timeline": entry}})

    def page(self, owner: UUID | None, status: Status | None, first: int, size: int) -> tuple[Sequence[Order], int]:
        """See `Orders`. Ids are UUIDv7, so their order is that of placing."""
        wanted: Document = {}
        if owner is not None:
            wanted["customer_id"] = str(owner)
        if status is not None:
            wanted["status"] = status
        number = self._orders.count_documents(wanted) if wanted else self._orders.estimated_document_count()
        if first >= number:
            return [], number
        found = self._orders.find(wanted, _STATE_ONLY).sort("_id", -1).skip(first).limit(size)
        return [_order(document) for document in found], number

    def unanswered(self, since: datetime, limit: int) -> Mapping[UUID, str | None]:
        """See `Orders`. One query for each state, by the index of the lists: few orders are in these at any time."""
        waiting = {"updated_at": {"$lt": since}, "outbox": {"$size": 0}}
        found = (
            self._orders.find({"status": str(status), **waiting}, {"traceparent": 1}).limit(limit)
            for status in (*WAITING, Status.SHIPPING)
        )
        # Older documents have no traceparent.
        return {UUID(document["_id"]): document.get("traceparent") for documents in found for document in documents}

    def in_states(self, statuses: Collection[Status]) -> Mapping[Status, int]:
        """See `Orders`. By the index of the lists."""
        return {status: self._orders.count_documents({"status": str(status)}) for status in statuses}

    def timeline(self, order_id: UUID) -> Timeline | None:
        """See `Orders`."""
        document = self._orders.find_one({"_id": str(order_id)}, {"customer_id": 1, "timeline": 1})
        if document is None:
            return None
        return Timeline(UUID(document["customer_id"]), tuple(Entry(**entry) for entry in document["timeline"]))


class MongoCatalogue:
    """See `apps.orders.repositories.Catalogue`."""

    def __init__(self, database: Database[Document]) -> None:
        self._products = database["catalogue"]

    def find(self, skus: Collection[str]) -> Mapping[str, Product]:
        """See `Catalogue`."""
        return {document["_id"]: _product(document) for document in self._products.find({"_id": {"$in": list(skus)}})}

    def keep(self, product: Product, sequence: int) -> bool:
        """See `Catalogue`. The same once more is written too: it mends a copy that was damaged."""
        older = {"_id": product.sku, "sequence": {"$lte": sequence}}
        fields = {
            "name": product.name,
            "amount": Decimal128(product.price.amount),
            "currency": product.price.currency,
            "active": product.active,
            "sequence": sequence,
        }
        try:
            self._products.update_one(older, {"$set": fields}, upsert=True)
        except DuplicateKeyError:
            # The product is there: newer than this, or, if another upsert was faster just now, older after all.
            return self._products.update_one(older, {"$set": fields}).matched_count == 1
        return True


def _kept(receipt: Receipt | None) -> Document:
    if receipt is None:
        return {}
    return {"idempotency_key": receipt.key, "answer": {**asdict(receipt.answer), "expires_at": utc_now() + KEPT}}


def _asked_in(events: Sequence[Event]) -> Document:
    """The trace of the newest events, for as long as they may have to be sent again."""
    return {"traceparent": events[-1].traceparent} if events else {}


def _state(order: Order) -> Document:
    """The fields that transitions move."""
    return {
        "status": str(order.status),
        "revision": order.revision,
        "held_revision": order.held_revision,
        "revisions": [
            {"revision": revision, "lines": [_line_document(line) for line in lines]}
            for revision, lines in order.revisions.items()
        ],
        "reason": order.reason,
        "updated_at": order.updated_at,
        "repeats": order.repeats,
    }


def _order(document: Mapping[str, Any]) -> Order:
    return Order(
        id=UUID(document["_id"]),
        customer_id=UUID(document["customer_id"]),
        status=Status(document["status"]),
        revision=document["revision"],
        held_revision=document["held_revision"],
        version=document["version"],
        revisions={each["revision"]: _lines(each["lines"]) for each in document["revisions"]},
        reason=document["reason"],
        created_at=document["created_at"],
        updated_at=document["updated_at"],
        repeats=document.get("repeats", 0),  # older documents have none
    )


def _line_document(line: Line) -> Document:
    return {
        "sku": line.sku,
        "name": line.name,
        "quantity": line.quantity,
        "amount": Decimal128(line.unit_price.amount),
        "currency": line.unit_price.currency,
    }


def _lines(documents: Sequence[Mapping[str, Any]]) -> Lines:
    return tuple(Line(each["sku"], each["name"], each["quantity"], _money(each)) for each in documents)


def _product(document: Mapping[str, Any]) -> Product:
    return Product(document["_id"], document["name"], _money(document), document["active"])


def _money(document: Mapping[str, Any]) -> Money:
    return Money(document["amount"].to_decimal(), document["currency"])


def _publications(transition_: Transition, cause: Event | None) -> list[Event]:
    order = transition_.order
    return [
        publication(
            event, source=SERVICE, subject=str(order.id), sequence=order.version, correlation=str(order.id), cause=cause
        )
        for event in transition_.events
    ]


def _entries(transition_: Transition, published: Sequence[Event], heard: Heard | None) -> list[Document]:
    """What the timeline says of the move: the answer that led to it, then the events that tell of it."""
    answered = [(heard.event, heard.detail)] if heard else []
    told = zip(published, transition_.details, strict=True)
    return [_entry(event, detail, transition_.order.updated_at) for event, detail in (*answered, *told)]


def _entry(event: Event, detail: str, at: datetime) -> Document:
    return {
        "at": at,
        "type": event.type,
        "source": event.source,
        "detail": detail,
        "trace_id": trace_id_of(event.traceparent),
    }
