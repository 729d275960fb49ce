"""Orders in a real MongoDB: guards, races, duplicates, lists, the outbox with the relay's own code, migrations."""

import json
import random
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pymongo
import pytest
from pymongo.database import Database

from apps.orders import service
from apps.orders.domain.lines import AskedLine, Product
from apps.orders.domain.money import Money
from apps.orders.domain.order import Order, Status
from apps.orders.domain.refusals import OrderNotCancellable, OrderNotShippable
from apps.orders.migrations import MIGRATIONS, migrate
from apps.orders.storage import MongoCatalogue, MongoOrders, outbox_of
from chassis.http.idempotency import KeyTaken, Receipt, StoredAnswer
from chassis.identifiers import new_id
from chassis.messaging.events import DuplicateEvent, Event, decode
from chassis.storage.mongo import INBOX_SIZE, Document
from chassis.storage.outbox import StoredEvent
from chassis.telemetry import continued
from chassis.times import utc_now

CUSTOMER = new_id()
TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture(scope="module")
def database(new_mongo_database: Callable[[], str]) -> Iterator[Database[Document]]:
    """A migrated database of this module's own."""
    url = new_mongo_database()
    with pymongo.MongoClient[Document](url, tz_aware=True, w="majority") as client:
        database = client.get_default_database()
        migrate(database)
        yield database


@pytest.fixture
def orders(database: Database[Document]) -> MongoOrders:
    """The orders, none yet."""
    database["orders"].delete_many({})
    database["leases"].delete_many({})
    return MongoOrders(database)


@pytest.fixture
def catalogue(database: Database[Document]) -> MongoCatalogue:
    """A catalogue with tea."""
    database["catalogue"].delete_many({})
    catalogue = MongoCatalogue(database)
    catalogue.keep(tea("12.50"), 1)
    return catalogue


class Silent:
    """An inventory that does not answer."""

    def of(self, _skus: object) -> None:
        return None


def tea(price: str) -> Product:
    return Product("TEA", "Tea", Money(Decimal(price), "EUR"), active=True)


def place(orders: MongoOrders, catalogue: MongoCatalogue, customer: UUID = CUSTOMER) -> Order:
    return service.place_order(orders, catalogue, Silent(), customer, [AskedLine("TEA", 2)])


def heard(event_type: str, order: Order) -> Event:
    subject = str(order.id)
    schema = f"urn:quadrille:schema:{event_type}:1.0"
    return Event(new_id(), event_type, "inventory", subject, utc_now(), 1, subject, None, TRACEPARENT, schema, {})


def stored(database: Database[Document], order: Order) -> Document:
    document = database["orders"].find_one({"_id": str(order.id)})
    assert document is not None
    return document


def test_order_comes_back_as_it_was(orders: MongoOrders, catalogue: MongoCatalogue) -> None:
    """What is read equals what was written, prices and times included."""
    placed = place(orders, catalogue)

    assert orders.find(placed.id) == placed
    assert orders.find(new_id()) is None


def test_document_of_a_confirmed_order(
    database: Database[Document], orders: MongoOrders, catalogue: MongoCatalogue
) -> None:
    """The document holds the state, what was heard, what is to be told, and the mark for the relay."""
    placed = place(orders, catalogue)
    answer = heard("stock.reserved", placed)
    service.stock_reserved(orders, placed.id, 1, answer)
    document = stored(database, placed)

    assert (document["status"], document["held_revision"], document["version"]) == ("confirmed", 1, 2)
    assert (document["inbox"], document["relay"]) == ([str(answer.id)], True)
    confirmed = decode(document["outbox"][1]["body"].encode())
    assert (confirmed.type, confirmed.sequence, confirmed.correlationid) == ("order.confirmed", 2, str(placed.id))
    assert confirmed.causationid == str(answer.id)


def test_timeline(orders: MongoOrders, catalogue: MongoCatalogue) -> None:
    """The timeline has the answers of inventory between the events of orders, with the trace of the answer."""
    placed = place(orders, catalogue)
    service.stock_reserved(orders, placed.id, 1, heard("stock.reserved", placed))
    timeline = service.view_timeline(orders, placed.id, CUSTOMER)

    assert [(entry.source, entry.type) for entry in timeline.entries] == [
        ("orders", "order.placed"),
        ("inventory", "stock.reserved"),
        ("orders", "order.confirmed"),
    ]
    assert timeline.entries[1].trace_id == TRACEPARENT.split("-")[1]
    assert timeline.entries[1].detail == "Revision 1 is held."


def test_answer_that_moves_nothing_is_noted_once(
    database: Database[Document], orders: MongoOrders, catalogue: MongoCatalogue
) -> None:
    """The timeline has a late answer, and what was released, once each; version and outbox stay."""
    placed = place(orders, catalogue)
    service.cancel_order(orders, placed.id, CUSTOMER)
    before = stored(database, placed)
    late, released = heard("stock.reserved", placed), heard("stock.released", placed)

    def deliver(event: Event) -> None:
        with suppress(DuplicateEvent):
            if event is late:
                service.stock_reserved(orders, placed.id, 1, late)
            else:
                service.stock_released(orders, placed.id, released)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(deliver, [late, released] * 4))
    after = stored(database, placed)
    assert sorted(entry["type"] for entry in after["timeline"][2:]) == ["stock.released", "stock.reserved"]
    assert sorted(after["inbox"]) == sorted([str(late.id), str(released.id)])
    unmoved = ("status", "version", "updated_at", "outbox", "revisions")
    assert {name: after[name] for name in unmoved} == {name: before[name] for name in unmoved}


@pytest.mark.parametrize("seed", range(5))
def test_five_shuffled_duplicates(
    database: Database[Document], orders: MongoOrders, catalogue: MongoCatalogue, seed: int
) -> None:
    """However answers for two revisions are repeated, shuffled and raced, each effect comes once."""
    placed = place(orders, catalogue)
    service.change_order(orders, catalogue, placed.id, CUSTOMER, [AskedLine("TEA", 3)], {1})
    answers = [(revision, heard("stock.reserved", placed)) for revision in (1, 2)] * 5
    random.Random(seed).shuffle(answers)  # noqa: S311 - a reproducible shuffle

    def deliver(answer: tuple[int, Event]) -> None:
        with suppress(DuplicateEvent):
            service.stock_reserved(orders, placed.id, *answer)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(deliver, answers))
    document = stored(database, placed)
    assert (document["status"], document["held_revision"], document["version"]) == ("confirmed", 2, 3)
    assert [entry["type"] for entry in document["outbox"]] == ["order.placed", "order.changed", "order.confirmed"]


def test_race_of_cancel_and_ship(database: Database[Document], orders: MongoOrders, catalogue: MongoCatalogue) -> None:
    """Of a cancellation and a shipping at the same moment one wins, whichever it is, and only it is published."""
    for _ in range(20):
        placed = place(orders, catalogue)
        service.stock_reserved(orders, placed.id, 1, heard("stock.reserved", placed))
        compete(orders, placed)
        document = stored(database, placed)
        told = [entry["type"] for entry in document["outbox"]][2:]
        assert told == [{"cancelled": "order.cancelled", "shipping": "order.ship_requested"}[document["status"]]]
        assert document["version"] == 3


def compete(orders: MongoOrders, placed: Order) -> None:
    """Two cancellations and two shippings at once."""
    together = threading.Barrier(4)

    def act(command: str) -> None:
        together.wait()
        with suppress(OrderNotShippable, OrderNotCancellable):
            if command == "ship":
                service.ship_order(orders, placed.id)
            else:
                service.cancel_order(orders, placed.id, CUSTOMER)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(act, ["cancel", "ship"] * 2))


def test_stale_write_is_refused(orders: MongoOrders, catalogue: MongoCatalogue) -> None:
    """A move of an order that has moved since is not written."""
    placed = place(orders, catalogue)
    service.cancel_order(orders, placed.id, CUSTOMER)
    late = placed.reserved(1)

    assert late is not None
    assert not orders.save(placed, late, None)
    assert service.view_order(orders, placed.id, None).status is Status.CANCELLED


def test_inbox_is_bounded(database: Database[Document], orders: MongoOrders, catalogue: MongoCatalogue) -> None:
    """The document keeps the newest ids of handled events only."""
    placed = place(orders, catalogue)
    database["orders"].update_one({"_id": str(placed.id)}, {"$set": {"inbox": [str(new_id())] * INBOX_SIZE}})
    answer = heard("stock.reserved", placed)
    service.stock_reserved(orders, placed.id, 1, answer)

    inbox = stored(database, placed)["inbox"]
    assert (len(inbox), inbox[-1]) == (INBOX_SIZE, str(answer.id))


def test_sweepers_share_the_work(database: Database[Document], orders: MongoOrders, catalogue: MongoCatalogue) -> None:
    """Of several sweepers one asks for each stale order; what has not left yet, and what is fresh, is not asked for."""
    stale, unsent, fresh = ([place(orders, catalogue) for _ in range(number)] for number in (20, 1, 1))
    an_hour_ago = utc_now() - timedelta(hours=1)
    for order in stale + fresh:
        database["orders"].update_one({"_id": str(order.id)}, {"$set": {"outbox": []}, "$unset": {"relay": ""}})
    for order in stale + unsent:
        database["orders"].update_one({"_id": str(order.id)}, {"$set": {"updated_at": an_hour_ago}})
    patience = service.Patience(timedelta(minutes=1), tries=3)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: service.sweep(orders, patience), range(4)))
    documents = [stored(database, order) for order in stale]
    assert {(each["repeats"], each["version"], len(each["outbox"])) for each in documents} == {(1, 2, 1)}
    assert {stored(database, order)["version"] for order in unsent + fresh} == {1}
    assert documents[0]["timeline"][1]["detail"] == "No answer yet: asked again."
    assert orders.unanswered(utc_now() - patience.wait, 100) == {}


def test_order_asks_again_in_its_own_trace(
    database: Database[Document], orders: MongoOrders, catalogue: MongoCatalogue
) -> None:
    """Not in that of the sweep, and each time anew; an order from before that was kept has the sweep's."""
    with continued(TRACEPARENT):
        traced = place(orders, catalogue)
    older = place(orders, catalogue)
    database["orders"].update_one({"_id": str(older.id)}, {"$unset": {"traceparent": ""}})
    for _ in range(2):
        late = {"outbox": [], "updated_at": utc_now() - timedelta(hours=1)}
        database["orders"].update_many({}, {"$set": late})
        with continued(TRACEPARENT.replace("0af7", "beef")):
            assert service.sweep(orders, service.Patience(timedelta(minutes=1), tries=3)) == 2
        assert stored(database, traced)["outbox"][0]["traceparent"] == TRACEPARENT
    assert stored(database, older)["timeline"][-1]["trace_id"].startswith("beef")


def test_lists(orders: MongoOrders, catalogue: MongoCatalogue) -> None:
    """Lists are newest first, by customer and status, cut into pages, with the number of all."""
    mine = [place(orders, catalogue) for _ in range(3)]
    other = place(orders, catalogue, new_id())
    service.cancel_order(orders, mine[0].id, CUSTOMER)

    def ids(*query: Any) -> tuple[list[UUID], int]:
        found, number = orders.page(*query)
        return [order.id for order in found], number

    assert ids(CUSTOMER, None, 0, 2) == ([mine[2].id, mine[1].id], 3)
    assert ids(CUSTOMER, None, 2, 2) == ([mine[0].id], 3)
    assert ids(CUSTOMER, Status.PENDING, 0, 20) == ([mine[2].id, mine[1].id], 2)
    assert ids(None, None, 0, 1) == ([other.id], 4)
    assert ids(None, Status.CANCELLED, 0, 20) == ([mine[0].id], 1)
    assert ids(CUSTOMER, None, 10**30, 20) == ([], 3)
    assert orders.in_states([Status.PENDING, Status.SHIPPED]) == {Status.PENDING: 3, Status.SHIPPED: 0}


def test_catalogue_takes_the_newest(catalogue: MongoCatalogue) -> None:
    """Older news change nothing; the newest, repeated, mend what became of it."""
    assert catalogue.keep(tea("14.00"), 3)
    assert not catalogue.keep(tea("13.00"), 2)
    assert catalogue.keep(tea("14.00"), 3)
    assert catalogue.find(["TEA", "NONE"]) == {"TEA": tea("14.00")}


def test_catalogue_under_a_race(database: Database[Document], catalogue: MongoCatalogue) -> None:
    """Eight threads bring the news of a new product in any order: the newest stays."""
    for _ in range(10):
        database["catalogue"].delete_many({})
        news = [(tea(f"{sequence}.00"), sequence) for sequence in range(1, 9)]
        random.shuffle(news)
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda each: catalogue.keep(*each), news))
        assert catalogue.find(["TEA"])["TEA"] == tea("8.00")


def test_outbox_round_trip(database: Database[Document], orders: MongoOrders, catalogue: MongoCatalogue) -> None:
    """The relay publishes what orders wrote, oldest first, and leaves a document without outbox and mark."""
    placed = place(orders, catalogue)
    service.cancel_order(orders, placed.id, CUSTOMER)
    sent: list[StoredEvent] = []

    def publish(events: Sequence[StoredEvent]) -> list[str]:
        sent.extend(events)
        return [event.id for event in events]

    outbox = outbox_of(database)
    assert outbox.lead()
    assert (outbox.drain(publish, 100, []), outbox.drain(publish, 100, [])) == (2, 0)
    assert [json.loads(event.body)["type"] for event in sent] == ["order.placed", "order.cancelled"]
    document = stored(database, placed)
    assert (document["outbox"], "relay" in document) == ([], False)


def test_event_written_while_the_relay_publishes(
    database: Database[Document], orders: MongoOrders, catalogue: MongoCatalogue
) -> None:
    """An event that comes while older ones are on their way stays marked until it was sent itself."""
    placed = place(orders, catalogue)

    def publish(events: Sequence[StoredEvent]) -> list[str]:
        service.cancel_order(orders, placed.id, CUSTOMER)
        return [event.id for event in events]

    outbox = outbox_of(database)
    outbox.lead()
    assert outbox.drain(publish, 100, []) == 1
    document = stored(database, placed)
    assert ([entry["type"] for entry in document["outbox"]], document["relay"]) == (["order.cancelled"], True)
    assert outbox.backlog().events == 1


def test_unconfirmed_event_stays(database: Database[Document], orders: MongoOrders, catalogue: MongoCatalogue) -> None:
    """What the broker did not confirm is sent again."""
    place(orders, catalogue)
    outbox = outbox_of(database)
    outbox.lead()

    assert outbox.drain(lambda _: [], 100, []) == 0
    assert outbox.drain(lambda events: [event.id for event in events], 100, []) == 1


def test_one_relay_leads(database: Database[Document], orders: MongoOrders) -> None:
    """Of two relays one leads; the other takes over when the lease is given back."""
    first, second = outbox_of(database), outbox_of(database)

    assert (first.lead(), second.lead()) == (True, False)
    first.resign()
    assert second.lead()


def test_migrations_run_once(database: Database[Document]) -> None:
    """What is recorded does not run again, and the records tell when each ran."""
    assert migrate(database) == []
    records = list(database["migrations"].find().sort("_id"))
    assert [record["_id"] for record in records] == [migration.number for migration in MIGRATIONS]
    assert all(utc_now() - record["at"] < timedelta(minutes=10) for record in records)


def test_indexes(database: Database[Document]) -> None:
    """Each query on the way of an order starts with the first field of an index."""
    firsts = {next(iter(index["key"])) for index in database["orders"].list_indexes()}

    assert firsts == {"_id", "relay", "customer_id", "status", "idempotency_key"}


RECEIPT = Receipt("customer:k-1", StoredAnswer("print", 202, '{"id": 1}', {"ETag": '"1"'}))


def place_keyed(orders: MongoOrders, catalogue: MongoCatalogue) -> Order:
    return service.place_order(orders, catalogue, Silent(), CUSTOMER, [AskedLine("TEA", 2)], lambda _order: RECEIPT)


def test_key_makes_one_of_many_orders(orders: MongoOrders, catalogue: MongoCatalogue) -> None:
    """Of fifty parallel requests with one key, one writes; the others find its answer."""

    def attempt(_number: int) -> bool:
        try:
            place_keyed(orders, catalogue)
        except KeyTaken:
            return False
        return True

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(attempt, range(50))) == 1
    assert orders.answered(RECEIPT.key) == RECEIPT.answer


def test_orders_without_a_key_are_many(orders: MongoOrders, catalogue: MongoCatalogue) -> None:
    """The unique index is for orders that have a key."""
    assert place(orders, catalogue).id != place(orders, catalogue).id
    assert orders.answered("customer:none") is None


def test_expired_key_is_free_again(
    orders: MongoOrders, catalogue: MongoCatalogue, database: Database[Document]
) -> None:
    """After its day the key means a new request."""
    first = place_keyed(orders, catalogue)
    yesterday = utc_now() - timedelta(hours=25)
    database["orders"].update_one({"_id": str(first.id)}, {"$set": {"answer.expires_at": yesterday}})
    assert orders.answered(RECEIPT.key) is None
    assert place_keyed(orders, catalogue).id != first.id
