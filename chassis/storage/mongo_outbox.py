"""The outbox of a MongoDB service: events embedded in documents that a `relay` flag marks; the lease is a document."""

import socket
from collections.abc import Collection
from datetime import datetime, timedelta

from pymongo import UpdateOne
from pymongo.collection import Collection as MongoCollection
from pymongo.errors import DuplicateKeyError

from chassis.identifiers import new_id
from chassis.storage.mongo import Document
from chassis.storage.outbox import Backlog, Publish, StoredEvent
from chassis.times import utc_now

LEASE_SECONDS = 5.0
_RENEW_BEFORE = LEASE_SECONDS / 2


class MongoOutbox:
    """See `chassis.storage.outbox.Outbox`. Used by one thread, the relay's."""

    def __init__(self, documents: MongoCollection[Document], leases: MongoCollection[Document]) -> None:
        self._documents = documents
        self._leases = leases
        self._lease = f"relay:{documents.name}"
        self._holder = f"{socket.gethostname()}:{new_id()}"
        self._held_until = utc_now()

    def lead(self) -> bool:
        """Takes the lease when it is free or expired, and renews it in good time while it is ours."""
        now = utc_now()
        if self._held_until - now > timedelta(seconds=_RENEW_BEFORE):
            return True
        until = now + timedelta(seconds=LEASE_SECONDS)
        taken = self._leases.update_one(
            {"_id": self._lease, "$or": [{"holder": self._holder}, {"expires_at": {"$lt": now}}]},
            {"$set": {"holder": self._holder, "expires_at": until}},
        )
        if taken.matched_count or self._found(until):
            self._held_until = until
            return True
        return False

    def _found(self, until: datetime) -> bool:
        try:
            self._leases.insert_one({"_id": self._lease, "holder": self._holder, "expires_at": until})
        except DuplicateKeyError:
            return False
        return True

    def drain(self, publish: Publish, limit: int, skip: Collection[str]) -> int:
        """Publishes all events of up to `limit` marked documents, then takes the confirmed ones out."""
        fields = {"outbox": 1, "version": 1}
        waiting = list(self._documents.find({"relay": True}, fields).limit(limit + len(skip)))
        self._unmark([document for document in waiting if not document["outbox"]])
        events = [
            StoredEvent(entry["id"], entry["type"], entry["body"], entry["traceparent"])
            for document in waiting
            for entry in document["outbox"]
            if entry["id"] not in skip
        ]
        if not events:
            return 0
        confirmed = set(publish(events))
        self._remove([document for document in waiting if _sent(document, confirmed)], confirmed)
        return len(confirmed)

    def _remove(self, documents: list[Document], confirmed: set[str]) -> None:
        # An untouched document whose events all went needs one write. Where a transition came between, or some events
        # stay, the events go by their ids, and the mark only while the outbox is empty at that very moment.
        whole = [document for document in documents if len(_sent(document, confirmed)) == len(document["outbox"])]
        cleared = [
            UpdateOne(
                {"_id": document["_id"], "version": document["version"]},
                {"$set": {"outbox": []}, "$unset": {"relay": ""}},
            )
            for document in whole
        ]
        matched = self._documents.bulk_write(cleared, ordered=False).matched_count if cleared else 0
        if matched < len(documents):
            self._documents.bulk_write([step for each in documents for step in _pull(each, confirmed)], ordered=True)

    def _unmark(self, emptied: list[Document]) -> None:
        """A leader died between the two writes for a document: nothing is left to send, only its mark."""
        if emptied:
            self._documents.bulk_write([_unmarking(document) for document in emptied], ordered=False)

    def backlog(self) -> Backlog:
        """Reads the marked documents, at most a thousand: beyond that the exact number does not matter."""
        outboxes = [document["outbox"] for document in self._documents.find({"relay": True}, {"outbox": 1}).limit(1000)]
        times = [entry["at"] for outbox in outboxes for entry in outbox]
        return Backlog(len(times), (utc_now() - min(times)).total_seconds() if times else 0.0)

    def forget(self, _days: int) -> int:
        """Nothing to do: a document remembers a bounded number of events."""
        return 0

    def resign(self) -> None:
        """Lets another take the lease at once."""
        self._held_until = utc_now()
        self._leases.delete_one({"_id": self._lease, "holder": self._holder})


def _sent(document: Document, confirmed: set[str]) -> list[str]:
    return [entry["id"] for entry in document["outbox"] if entry["id"] in confirmed]


def _pull(document: Document, confirmed: set[str]) -> list[UpdateOne]:
    key = {"_id": document["_id"]}
    sent = _sent(document, confirmed)
    return [
        UpdateOne({**key, "outbox.id": {"$in": sent}}, {"$pull": {"outbox": {"id": {"$in": sent}}}}),
        _unmarking(document),
    ]


def _unmarking(document: Document) -> UpdateOne:
    return UpdateOne({"_id": document["_id"], "outbox": {"$size": 0}, "relay": True}, {"$unset": {"relay": ""}})
