"""Any messages in any order: the use cases against the saga's rules, written down once more as a function.

The rules here are those of the model that was checked exhaustively together with orders. Only quantities of one SKU
count; the store is in memory.
"""

from dataclasses import dataclass, replace
from typing import Literal
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from apps.inventory import service
from chassis.messaging.events import event_type
from tests.unit.inventory.fakes import LATER, Store

ORDER = UUID("0198f3a2-7c41-7d7e-9b55-3f0f5f1f2a10")
ASKED = {1: 2, 2: 4, 3: 1}

Kind = Literal["hold", "confirm", "cancel", "sell", "expire"]
Message = tuple[Kind, int]

messages = st.lists(
    st.tuples(st.sampled_from(["hold", "hold", "confirm", "cancel", "sell", "expire"]), st.sampled_from(list(ASKED))),
    max_size=12,
)


@dataclass(frozen=True)
class Rules:
    """What inventory must be after some messages: the model's state, and the answer that it repeats."""

    stock: int
    applied: int = 0
    held: int = 0
    confirmed: bool = False
    closed: str = ""
    sold: int = 0
    answer: tuple[str, int] | None = None

    def on(self, message: Message) -> tuple["Rules", tuple[str, int] | None]:
        """The state after the message, and what is said."""
        kind, revision = message
        return {
            "hold": self._hold,
            "confirm": self._confirm,
            "cancel": self._cancel,
            "sell": self._sell,
            "expire": self._expire,
        }[kind](revision)

    def _hold(self, revision: int) -> tuple["Rules", tuple[str, int] | None]:
        if self.closed or revision < self.applied:
            return self, None
        if revision == self.applied:
            return self, self.answer
        if ASKED[revision] <= self.stock:
            answer = ("stock.reserved", revision)
            return replace(self, applied=revision, held=revision, confirmed=False, answer=answer), answer
        answer = ("stock.rejected", revision)
        return replace(self, applied=revision, answer=answer), answer

    def _confirm(self, revision: int) -> tuple["Rules", None]:
        if self.closed:
            return self, None
        return replace(self, confirmed=self.confirmed or revision == self.held), None

    def _cancel(self, _revision: int) -> tuple["Rules", tuple[str, int] | None]:
        if self.closed == "sold":
            return self, None
        said = ("stock.released", self.held) if self.held else None
        return replace(self, held=0, confirmed=False, closed="cancelled"), said

    def _sell(self, revision: int) -> tuple["Rules", tuple[str, int]]:
        if self.closed == "sold":
            return self, ("stock.sold", self.sold)
        if self.closed or self.held != revision:
            return replace(self, held=0, confirmed=False, closed="cancelled"), ("stock.sale_rejected", revision)
        return replace(self, held=0, confirmed=False, closed="sold", sold=revision), ("stock.sold", revision)

    def _expire(self, _revision: int) -> tuple["Rules", tuple[str, int] | None]:
        if self.closed or self.confirmed or not self.held:
            return self, None
        return replace(self, held=0, closed="expired"), ("stock.expired", self.held)


def deliver(store: Store, message: Message) -> None:
    """Runs the use case of a message."""
    kind, revision = message
    match kind:
        case "hold":
            service.hold(store(), ORDER, revision, {"MUG": ASKED[revision]}, LATER)
        case "confirm":
            service.confirm(store(), ORDER, revision)
        case "cancel":
            service.cancel(store(), ORDER)
        case "sell":
            service.sell_held(store(), ORDER, revision)
        case "expire":
            service.expire_due(store(), LATER, 10)


def said(store: Store) -> tuple[str, int] | None:
    """The last event, in the model's words."""
    if not store.events:
        return None
    event = store.events[-1]
    return event_type(type(event)), event.model_dump()["revision"]


def state(store: Store, stock: int) -> Rules:
    """The reservation in the model's words."""
    found = store.state.reservations.get(ORDER)
    if found is None:
        return Rules(stock)
    sold = found.held_revision if found.closed == "sold" else 0
    return Rules(
        stock,
        applied=found.applied_revision,
        held=found.held_revision - sold,
        confirmed=found.confirmed,
        closed=found.closed or "",
        sold=sold,
    )


@given(messages, st.integers(0, 4))
def test_every_order_of_messages_follows_the_rules(sequence: list[Message], stock: int) -> None:
    """After each message: the same state, the same words, and stock that agrees with both."""
    store, rules = Store(MUG=stock), Rules(stock)
    for message in sequence:
        before = len(store.events)
        deliver(store, message)
        rules, expected = rules.on(message)
        assert state(store, stock) == replace(rules, answer=None)
        assert (said(store) if len(store.events) > before else None) == expected
        reserved, sold = ASKED.get(rules.held, 0), ASKED.get(rules.sold, 0)
        assert store.numbers("MUG") == (stock - reserved - sold, reserved, sold)
