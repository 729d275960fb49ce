"""The use cases of orders, on stores in memory."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from apps.orders import service
from apps.orders.domain.events import Shortage
from apps.orders.domain.lines import AskedLine
from apps.orders.domain.order import Order, Status
from apps.orders.domain.refusals import InsufficientStock, OrderNotFound, UnknownSku, VersionMismatch
from chassis.identifiers import new_id
from chassis.messaging.events import DuplicateEvent, Event, event_type
from tests.unit.orders.fakes import FakeAvailability, FakeCatalogue, FakeOrders
from tests.unit.orders.samples import CUSTOMER, heard, order, product

ASKED = [AskedLine("TEA", 2)]


def types(orders: FakeOrders) -> list[str]:
    return [event_type(type(event)) for event in orders.published]


def test_placing_is_one_write() -> None:
    """A placed order is stored with its event, at the price of that moment."""
    orders = FakeOrders()
    placed = service.place_order(orders, FakeCatalogue(product()), FakeAvailability(), CUSTOMER, ASKED)

    assert orders.orders == {placed.id: placed}
    assert (orders.writes, types(orders), placed.total.text) == (1, ["order.placed"], "25.00")


def test_unknown_product_is_not_ordered() -> None:
    """Nothing is written for an order that is refused."""
    orders = FakeOrders()
    with pytest.raises(UnknownSku):
        service.place_order(orders, FakeCatalogue(), FakeAvailability(), CUSTOMER, ASKED)

    assert orders.writes == 0


def test_too_little_is_not_ordered() -> None:
    """A definite no is told with all that is missing, and nothing is written."""
    orders, catalogue = FakeOrders(), FakeCatalogue(product(), product("CUP"), product("POT"))
    asked = [AskedLine("TEA", 2), AskedLine("CUP", 3), AskedLine("POT", 1)]
    with pytest.raises(InsufficientStock) as refusal:
        service.place_order(orders, catalogue, FakeAvailability({"TEA": 1, "CUP": 3, "POT": 0}), CUSTOMER, asked)

    assert refusal.value.errors == {
        "shortages": [{"sku": "TEA", "asked": 2, "available": 1}, {"sku": "POT", "asked": 1, "available": 0}]
    }
    assert orders.writes == 0


@pytest.mark.parametrize("available", [None, {}, {"TEA": 2}])
def test_saga_decides_what_is_not_known(available: dict[str, int] | None) -> None:
    """Enough, or no answer: the order is taken."""
    orders = FakeOrders()
    service.place_order(orders, FakeCatalogue(product()), FakeAvailability(available), CUSTOMER, ASKED)

    assert orders.writes == 1


def test_owner_and_staff_find_the_order() -> None:
    """An order is there for its customer and for staff, and for nobody else."""
    orders = FakeOrders(sample := order())

    assert service.view_order(orders, sample.id, CUSTOMER) == service.view_order(orders, sample.id, None) == sample
    for view in (service.view_order, service.view_timeline, service.cancel_order):
        with pytest.raises(OrderNotFound):
            view(orders, sample.id, new_id())


def test_no_such_order() -> None:
    """What is not there is not found, whoever asks."""
    for view in (service.view_order, service.view_timeline, service.cancel_order):
        with pytest.raises(OrderNotFound):
            view(FakeOrders(), new_id(), None)


def test_answer_confirms() -> None:
    """The hold of the current revision confirms the order."""
    orders = FakeOrders(sample := order())
    confirmed = service.stock_reserved(orders, sample.id, 1, heard("stock.reserved", sample.id))

    assert (confirmed.status, types(orders)) == (Status.CONFIRMED, ["order.confirmed"])
    assert confirmed.updated_at >= sample.updated_at


def test_late_answer_changes_nothing() -> None:
    """An answer for an older revision leaves the order as it is; the timeline alone tells of it."""
    orders = FakeOrders(sample := order(revision=2))

    assert service.stock_reserved(orders, sample.id, 1, heard("stock.reserved", sample.id)) is sample
    assert (orders.orders[sample.id], orders.writes) == (sample, 0)
    assert details(orders, sample) == [("stock.reserved", "Revision 1 is held. Nobody waits for this any more.")]


def details(orders: FakeOrders, sample: Order) -> list[tuple[str, str]]:
    entries = service.view_timeline(orders, sample.id, None).entries
    return [(entry.type, entry.detail) for entry in entries if entry.source == "inventory"]


def reject(orders: FakeOrders, order_id: UUID, event: Event) -> Order:
    shortage = Shortage(sku="TEA", asked=3, available=1)
    return service.stock_rejected(orders, order_id, 1, 0, [shortage], event)


@pytest.mark.parametrize(
    ("before", "answer", "detail"),
    [
        (order(), reject, "Revision 1 cannot be held. TEA: 3 asked, 1 available."),
        (order(), service.stock_expired, "The reservation has expired."),
        (order(Status.SHIPPING, 1, 1), service.stock_sold, "The goods are sold."),
        (order(Status.SHIPPING, 1, 1), service.stock_sale_rejected, "The goods are no longer held."),
        (order(Status.CANCELLED), service.stock_released, "What was held is free again."),
    ],
)  # fmt: skip
def test_answers_are_told(before: Order, answer: Callable[..., Order], detail: str) -> None:
    """Whatever inventory says of an order is in its timeline, in words, once."""
    orders = FakeOrders(before)
    event = heard("stock.said", before.id)
    answer(orders, before.id, event)
    with pytest.raises(DuplicateEvent):
        answer(orders, before.id, event)

    assert details(orders, before) == [("stock.said", detail)]


def test_duplicate_is_told_apart() -> None:
    """An event that has moved the order once does not move it again."""
    orders = FakeOrders(sample := order())
    event = heard("stock.reserved", sample.id)
    service.stock_reserved(orders, sample.id, 1, event)

    with pytest.raises(DuplicateEvent):
        service.stock_reserved(orders, sample.id, 1, event)


def test_loser_of_a_race_starts_anew() -> None:
    """When a cancellation is written first, the answer finds a cancelled order and changes nothing."""
    orders = FakeOrders(sample := order())
    orders.meanwhile = lambda: service.cancel_order(orders, sample.id, CUSTOMER)
    after = service.stock_reserved(orders, sample.id, 1, heard("stock.reserved", sample.id))

    assert (after.status, types(orders)) == (Status.CANCELLED, ["order.cancelled"])


def test_endless_race_is_given_up() -> None:
    """A move that is always overtaken ends with an error that is worth another try."""
    attempts = []

    class AlwaysLate(FakeOrders):
        """Loses every race."""

        def save(self, *_: object) -> bool:
            attempts.append(1)
            return False

    sample = order()
    with pytest.raises(service.Contended):
        service.cancel_order(AlwaysLate(sample), sample.id, CUSTOMER)

    assert len(attempts) == service.ATTEMPTS


def test_cancelling_again_changes_nothing() -> None:
    """The second cancellation answers as the first and publishes nothing."""
    orders = FakeOrders(sample := order())
    first = service.cancel_order(orders, sample.id, CUSTOMER)

    assert service.cancel_order(orders, sample.id, None) == first
    assert (first.reason, types(orders)) == ("requested_by_customer", ["order.cancelled"])


def test_staff_cancels_in_its_own_name() -> None:
    """The reason tells who asked for the end."""
    orders = FakeOrders(sample := order())

    assert service.cancel_order(orders, sample.id, None).reason == "requested_by_staff"


def test_shipping_takes_two_steps() -> None:
    """Shipping waits for inventory, which sells what is held."""
    orders = FakeOrders(sample := order(Status.CONFIRMED, held_revision=1))

    assert service.ship_order(orders, sample.id).status is Status.SHIPPING
    assert service.stock_sold(orders, sample.id, heard("stock.sold", sample.id)).status is Status.SHIPPED


def test_change_needs_the_seen_version() -> None:
    """A change of an order that has moved since is refused, also when it moves at the last moment."""
    orders, catalogue = FakeOrders(sample := order()), FakeCatalogue(product())
    with pytest.raises(VersionMismatch):
        service.change_order(orders, catalogue, sample.id, CUSTOMER, ASKED, {sample.version - 1})

    orders.meanwhile = lambda: service.stock_reserved(orders, sample.id, 1, heard("stock.reserved", sample.id))
    with pytest.raises(VersionMismatch):
        service.change_order(orders, catalogue, sample.id, CUSTOMER, ASKED, {sample.version})


def test_change_asks_for_the_next_revision() -> None:
    """An accepted change keeps the agreed price of what was in the order."""
    orders, catalogue = FakeOrders(sample := order()), FakeCatalogue(product("TEA", "99.00"), product("CUP", "3.00"))
    asked = [*ASKED, AskedLine("CUP", 1)]
    changed = service.change_order(orders, catalogue, sample.id, CUSTOMER, asked, {sample.version})

    assert (changed.revision, changed.status) == (2, Status.PENDING)
    assert orders.published[-1].model_dump()["total"]["amount"] == "28.00"  # 2 teas as agreed, 1 cup


PATIENCE = service.Patience(timedelta(seconds=60), tries=2)


def waiting(status: Status, minutes: int) -> Order:
    sample = order(status, held_revision=1 if status is Status.SHIPPING else 0)
    return replace(sample, updated_at=sample.updated_at - timedelta(minutes=minutes))


def test_sweep_asks_for_the_late() -> None:
    """Orders that have waited too long ask again; the others are left alone."""
    orders = FakeOrders(waiting(Status.PENDING, 2), waiting(Status.SHIPPING, 2), waiting(Status.PENDING, 0))
    orders.orders |= FakeOrders(waiting(Status.CONFIRMED, 2)).orders

    assert service.sweep(orders, PATIENCE) == 2
    assert types(orders) == ["order.placed", "order.ship_requested"]
    assert service.sweep(orders, PATIENCE) == 0


def test_sweep_ends_what_nobody_answers() -> None:
    """After the last try the order is cancelled, with the reason."""
    late = waiting(Status.PENDING, 2)
    orders = FakeOrders(late)
    for _ in range(3):
        service.sweep(orders, PATIENCE)
        orders.orders = {late.id: replace(orders.orders[late.id], updated_at=late.updated_at)}

    assert types(orders) == ["order.placed", "order.placed", "order.cancelled"]
    assert (orders.orders[late.id].status, orders.orders[late.id].reason) == (Status.CANCELLED, "no_answer")
    assert service.sweep(orders, PATIENCE) == 0


def test_sweep_yields_to_an_answer() -> None:
    """An answer that arrives meanwhile wins."""
    late = waiting(Status.PENDING, 2)
    orders = FakeOrders(late)
    orders.meanwhile = lambda: service.stock_reserved(orders, late.id, 1, heard("stock.reserved", late.id))
    service.sweep(orders, PATIENCE)

    assert types(orders) == ["order.confirmed"]


def test_catalogue_ignores_old_news() -> None:
    """Of two descriptions of a product the one with the higher sequence stays."""
    catalogue = FakeCatalogue()
    service.keep_product(catalogue, product(price="2.00"), 2)
    service.keep_product(catalogue, product(price="1.00"), 1)

    assert catalogue.products["TEA"].price.text == "2.00"
