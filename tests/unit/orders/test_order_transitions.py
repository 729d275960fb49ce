"""The order's state machine as a table: every state against every command and every answer."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from apps.orders.domain import events
from apps.orders.domain import order as domain
from apps.orders.domain.order import MAX_REVISIONS, Order, Status, Transition
from apps.orders.domain.refusals import OrderNotChangeable, Refusal
from chassis.messaging.events import event_type
from tests.unit.orders.samples import line, order

SHORTAGE = events.Shortage(sku="TEA", asked=3, available=1)

REASONS = [
    domain.INSUFFICIENT_STOCK,
    domain.RESERVATION_EXPIRED,
    domain.SALE_REJECTED,
    domain.NO_ANSWER,
    domain.REQUESTED_BY_CUSTOMER,
    domain.REQUESTED_BY_STAFF,
]

# What is done to an order at revision 3 of which revision 1 may be held.
STIMULI: dict[str, Callable[[Order], Transition | None]] = {
    "change": lambda it: it.change((line(),)),
    "cancel": lambda it: it.cancel("requested_by_customer"),
    "ship": lambda it: it.ship(),
    "reserved": lambda it: it.reserved(3),
    "reserved older": lambda it: it.reserved(2),
    "rejected": lambda it: it.rejected(3, 0, [SHORTAGE]),
    "rejected, held": lambda it: it.rejected(3, 1, [SHORTAGE]),
    "rejected older": lambda it: it.rejected(2, 1, [SHORTAGE]),
    "expired": lambda it: it.expired(),
    "sold": lambda it: it.sold(),
    "sale rejected": lambda it: it.sale_rejected(),
    "silence": lambda it: it.ask_again(1),
    "silence again": lambda it: replace(it, repeats=1).ask_again(1),
}

# The next state; "" for nothing; the code of a refusal in brackets.
TABLE = """
               | pending     | confirmed   | changing    | shipping          | shipped           | rejected          | cancelled
change         | pending     | changing    | changing    | [not_changeable]  | [not_changeable]  | [not_changeable]  | [not_changeable]
cancel         | cancelled   | cancelled   | cancelled   | [not_cancellable] | [not_cancellable] | [not_cancellable] |
ship           | [not_shippable] | shipping | [not_shippable] | [not_shippable] | [not_shippable] | [not_shippable] | [not_shippable]
reserved       | confirmed   |             | confirmed   |                   |                   |                   |
reserved older |             |             |             |                   |                   |                   |
rejected       | rejected    |             | rejected    |                   |                   |                   |
rejected, held | confirmed   |             | confirmed   |                   |                   |                   |
rejected older |             |             |             |                   |                   |                   |
expired        | cancelled   | cancelled   | cancelled   |                   |                   |                   |
sold           |             |             |             | shipped           |                   |                   |
sale rejected  |             |             |             | cancelled         |                   |                   |
silence        | pending     |             | changing    | shipping          |                   |                   |
silence again  | cancelled   |             | cancelled   | shipping          |                   |                   |
"""  # noqa: E501 - a table


def cells() -> list[tuple[str, str, str]]:
    head, *rows = [[cell.strip() for cell in row.split("|")] for row in TABLE.strip("\n").splitlines()]
    return [(state, row[0], cell) for row in rows for state, cell in zip(head[1:], row[1:], strict=True)]


def at_revision_3(state: str) -> Order:
    return replace(order(Status(state), revision=3), held_revision=0 if state == "pending" else 1)


def outcome(before: Order, stimulus: str) -> str:
    try:
        transition = STIMULI[stimulus](before)
    except Refusal as refusal:
        return f"[{refusal.code.removeprefix('order_')}]"
    return "" if transition is None else transition.order.status


@pytest.mark.parametrize(("state", "stimulus", "expected"), cells())
def test_table(state: str, stimulus: str, expected: str) -> None:
    """Every state answers every stimulus as the table says."""
    assert outcome(at_revision_3(state), stimulus) == expected


def test_table_is_complete() -> None:
    """No state and no stimulus is missing from the table."""
    assert {(state, stimulus) for state, stimulus, _ in cells()} == {
        (state, stimulus) for state in Status for stimulus in STIMULI
    }


def test_drawing_is_this_machine() -> None:
    """docs/orders.md draws exactly these transitions, and names each event and each reason."""
    page = (Path(__file__).parents[3] / "docs" / "orders.md").read_text()
    drawn = set(re.findall(r"^    (\w+) --> (\w+) :", page, re.MULTILINE))
    moves = {(state, to) for state, _, to in cells() if to and not to.startswith("[")}

    assert drawn == moves
    models = [each for each in vars(events).values() if isinstance(each, type) and issubclass(each, events.OrderEvent)]
    for word in [event_type(model) for model in models if model is not events.OrderEvent] + REASONS:
        assert f"`{word}`" in page


@pytest.mark.parametrize(
    ("state", "stimulus", "published"),
    [
        ("pending", "change", [("order.changed", 4)]),
        ("pending", "cancel", [("order.cancelled", 3)]),
        ("confirmed", "ship", [("order.ship_requested", 1)]),
        ("pending", "reserved", [("order.confirmed", 3)]),
        ("pending", "rejected", [("order.rejected", 3)]),
        ("changing", "rejected, held", [("order.change_rejected", 3), ("order.confirmed", 1)]),
        ("confirmed", "expired", [("order.cancelled", 3)]),
        ("shipping", "sold", [("order.shipped", 1)]),
        ("shipping", "sale rejected", [("order.cancelled", 3)]),
        ("pending", "silence", [("order.changed", 3)]),
        ("changing", "silence again", [("order.cancelled", 3)]),
        ("shipping", "silence", [("order.ship_requested", 1)]),
    ],
)
def test_events(state: str, stimulus: str, published: list[tuple[str, int]]) -> None:
    """Each transition tells of itself, with the revision that it is about."""
    before = at_revision_3(state)
    transition = STIMULI[stimulus](before)

    assert transition is not None
    assert [(event_type(type(event)), event.model_dump()["revision"]) for event in transition.events] == published
    assert all((event.order_id, event.customer_id) == (before.id, before.customer_id) for event in transition.events)
    assert transition.order.version == before.version + 1


def test_every_event_is_published_by_some_transition() -> None:
    """The published models and the transitions agree; placing is the one that has no state before it."""
    published = {"order.placed"}
    for state, stimulus, expected in cells():
        if expected and not expected.startswith("["):
            transition = STIMULI[stimulus](at_revision_3(state))
            assert transition is not None
            published |= {event_type(type(event)) for event in transition.events}

    models = [each for each in vars(events).values() if isinstance(each, type) and issubclass(each, events.OrderEvent)]
    assert published == {event_type(model) for model in models if model is not events.OrderEvent}


def test_placing_asks_for_its_lines() -> None:
    """A new order is pending, at revision and version 1, and asks for its lines."""
    sample = order()
    placing = Order.place(sample.id, sample.customer_id, (line("TEA", 2), line("CUP", 1, "3.00")), sample.created_at)

    assert (placing.order.status, placing.order.revision, placing.order.version) == (Status.PENDING, 1, 1)
    assert placing.events[0].model_dump(mode="json") == {
        "order_id": str(sample.id),
        "customer_id": str(sample.customer_id),
        "revision": 1,
        "lines": [{"sku": "TEA", "quantity": 2}, {"sku": "CUP", "quantity": 1}],
        "total": {"amount": "28.00", "currency": "EUR"},
    }


def test_asking_again_is_the_same_question() -> None:
    """The first ask comes again as it was, and the timeline says why; an answer starts the count anew."""
    sample = order()
    placing = Order.place(sample.id, sample.customer_id, (line(),), sample.created_at)
    again = placing.order.ask_again(3)

    assert again is not None
    assert again.events == placing.events
    assert again.details == ("No answer yet: asked again.",)
    assert again.order == replace(placing.order, version=2, repeats=1)
    assert again.order.change((line("CUP"),)).order.repeats == 0


def test_held_lines_show_until_the_change_is_held() -> None:
    """While a change is open the held lines show, then the new ones."""
    confirmed = order(Status.CONFIRMED, revision=1, held_revision=1)
    changing = confirmed.change((line("CUP"),)).order
    changed = changing.reserved(2)

    assert changing.lines == confirmed.lines
    assert changed is not None
    assert (changed.order.lines, changed.order.held_revision) == ((line("CUP"),), 2)


def test_fall_back_to_a_hold_that_was_never_heard_of() -> None:
    """A late answer may name a revision whose own answer was overtaken: its lines are still known."""
    pending = order(Status.PENDING, revision=3)
    back = pending.rejected(3, 2, [SHORTAGE])

    assert back is not None
    assert (back.order.held_revision, back.order.lines) == (2, (line(quantity=2),))
    assert (back.order.revision, back.order.reason) == (3, "insufficient_stock")


def test_refused_change_leaves_nothing_behind() -> None:
    """After the fall-back the refused lines are gone: neither shown nor a price for the next change."""
    back = order(Status.CONFIRMED, 1, 1).change((line("CUP", 1, "3.00"),)).order.rejected(2, 1, [SHORTAGE])

    assert back is not None
    assert set(back.order.agreed) == {"TEA"}
    cancelled = back.order.cancel("requested_by_staff")
    assert cancelled is not None
    assert (cancelled.order.held_revision, cancelled.order.lines) == (0, (line(quantity=1),))


def test_shortages_are_told() -> None:
    """A refusal names each product that is short."""
    rejected = order().rejected(1, 0, [SHORTAGE])

    assert rejected is not None
    assert rejected.events[0].model_dump()["shortages"] == ({"sku": "TEA", "asked": 3, "available": 1},)


def test_changes_are_bounded() -> None:
    """A document cannot be grown without end."""
    with pytest.raises(OrderNotChangeable):
        order(Status.PENDING, revision=MAX_REVISIONS).change((line(),))
