"""The stock of the tests on MongoDB: `celery -A tests.integration.chain.mongo_worker_app worker`.

State, outbox and inbox of a thing are one document, as an order's are: each event moves it by one guarded write.
With CHAIN_USURPS its relay leads without asking for the lease.
"""

import os
from dataclasses import dataclass

from pymongo.database import Database

from chassis.health import Health
from chassis.messaging.events import DuplicateEvent, Event, publication
from chassis.messaging.subscriptions import Subscriptions
from chassis.settings import MongoSettings, load_settings
from chassis.storage.mongo import TRANSIENT, Document, create_mongo_client, transition
from chassis.storage.mongo_outbox import MongoOutbox
from chassis.storage.outbox import Outbox
from chassis.worker.app import WorkerSettings, create_worker
from tests.integration.chain.worker_app import ThingSold, ThingStored


class Contended(Exception):
    """Somebody else has moved the thing meanwhile: transient."""


class ChainSettings(WorkerSettings, MongoSettings):
    """As the orders service's."""


@dataclass(frozen=True)
class Parts:
    """As the orders service's bootstrap makes them."""

    settings: ChainSettings
    database: Database[Document]
    health: Health
    outbox: Outbox
    transient_errors: tuple[type[Exception], ...] = (*TRANSIENT, Contended)


class UsurpedOutbox(MongoOutbox):
    """Leads whoever else does, as a leader would that does not know yet that it lost the lease."""

    def lead(self) -> bool:
        """Asks nobody."""
        return True


def on_sold(parts: Parts, sold: ThingSold, event: Event) -> None:
    things = parts.database["things"]
    thing = things.find_one({"_id": sold.thing})
    if thing is None:
        raise LookupError(sold.thing)
    if str(event.id) in thing["inbox"]:
        raise DuplicateEvent(event.id)
    model, version = ThingStored(thing=sold.thing), thing["version"]
    stored = publication(model, source=SERVICE, subject=sold.thing, sequence=version + 1, correlation=None, cause=event)
    update = transition({}, [stored], event)
    update["$push"]["effects"] = str(event.id)
    if not things.update_one({"_id": sold.thing, "version": version}, update).matched_count:
        raise Contended


SERVICE = os.environ["MONGO_SERVICE"]
_settings = load_settings(ChainSettings, SERVICE)
_database = create_mongo_client(_settings, startup_timeout=10).get_default_database()
_outbox = (UsurpedOutbox if os.environ["CHAIN_USURPS"] else MongoOutbox)(_database["things"], _database["leases"])
_subscriptions = Subscriptions(SERVICE)
_subscriptions.on("shop", "thing.sold", ThingSold)(on_sold)
app = create_worker(Parts(_settings, _database, Health(), _outbox), _subscriptions)
