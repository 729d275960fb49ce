"""How the outcome of a handler settles its message."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from celery.exceptions import Ignore, Reject
from pydantic import BaseModel, ValidationError

from chassis import metrics
from chassis.messaging.delivery import Delivery, rejections
from chassis.messaging.events import CONTENT_TYPE, DuplicateEvent, Event, encode, publication
from chassis.messaging.handling import MOST_LOSSES, Handling
from chassis.messaging.publisher import BrokerUnavailable, Message
from chassis.messaging.subscriptions import Reading, Subscriptions


class ThingSold(BaseModel):
    """What the publisher says."""

    name: str = "chair"


class Sold(Reading):
    """What the consumer reads."""

    name: str


class Shelf:
    """The parts: they raise what they are told to."""

    def __init__(self, errors: Sequence[BaseException] = ()) -> None:
        self.errors = list(errors)
        self.sold: list[str] = []


def take_away(shelf: Shelf, sold: Sold, event: Event) -> None:
    if shelf.errors:
        raise shelf.errors.pop(0)
    shelf.sold.append(sold.name)


class Letters:
    """A publisher that keeps dead letters."""

    problem = None

    def __init__(self, *, away: bool = False) -> None:
        self.kept: list[Message] = []
        self._away = away

    def publish(self, messages: Sequence[Message], timeout: float = 10) -> dict[str, str]:
        if self._away:
            raise BrokerUnavailable("away")
        self.kept += messages
        return {}


def handling(shelf: Shelf, letters: Letters, rounds: int = 2) -> Handling:
    subscriptions = Subscriptions("stock")
    subscriptions.on("shop", "thing.sold", Sold)(take_away)
    return Handling(subscriptions, shelf, (TimeoutError,), lambda: rounds, letters, lambda: None)


def delivery(model: BaseModel | None = None, rounds: int = 0, headers: dict[str, object] | None = None) -> Delivery:
    event = publication(model or ThingSold(), source="shop", subject="t-1", sequence=1, correlation=None, cause=None)
    body = encode(event).encode()
    return Delivery("stock.shop", body, CONTENT_TYPE, None, None, headers or {}, rounds)


def test_handled_event_is_acknowledged() -> None:
    """A handler that returns settles the message."""
    shelf = Shelf()
    handling(shelf, Letters()).handle(delivery())
    assert shelf.sold == ["chair"]


def test_duplicate_is_acknowledged() -> None:
    """An effect that is there already is no failure."""
    letters = Letters()
    handling(Shelf([DuplicateEvent()]), letters).handle(delivery())
    assert letters.kept == []


def test_blip_is_tried_again_in_place() -> None:
    """A transient error that passes at once costs no trip through the broker."""
    shelf = Shelf([TimeoutError(), TimeoutError()])
    handling(shelf, Letters()).handle(delivery())
    assert shelf.sold == ["chair"]


def test_lasting_transient_error_goes_to_the_retry_queue() -> None:
    """Rejected without requeue, the broker parks the message in the queue's own retry queue."""
    with pytest.raises(Reject) as rejected:
        handling(Shelf([TimeoutError()] * 9), Letters()).handle(delivery())
    assert rejected.value.requeue is False  # type: ignore[attr-defined] # missing in the stubs


def test_rounds_are_bounded() -> None:
    """After the last round the message is put aside, with the reason."""
    letters = Letters()
    with pytest.raises(Ignore):
        handling(Shelf([TimeoutError("too slow")] * 9), letters).handle(delivery(rounds=2))
    assert letters.kept[0].headers["x-failure-reason"] == "still failing after 2 rounds: TimeoutError: too slow"
    assert (letters.kept[0].exchange, letters.kept[0].routing_key) == ("stock.dead", "stock.shop")


def test_rounds_may_change() -> None:
    """The number counts that is right when the handler fails, not that of the start."""
    rounds = [1]
    subject = replace(handling(Shelf([TimeoutError()] * 9), Letters()), rounds=lambda: rounds[0])
    with pytest.raises(Ignore):
        subject.handle(delivery(rounds=1))
    rounds[0] = 2
    with pytest.raises(Reject):
        subject.handle(delivery(rounds=1))


def test_event_that_ends_its_workers_is_put_aside_unread() -> None:
    """It can never be put aside by its handler's outcome: so before the handler."""
    shelf, letters = Shelf(), Letters()
    handling(shelf, letters).handle(replace(delivery(), losses=MOST_LOSSES))
    assert shelf.sold == ["chair"]
    with pytest.raises(Ignore):
        handling(shelf, letters).handle(replace(delivery(), losses=MOST_LOSSES + 1))
    assert str(letters.kept[0].headers["x-failure-reason"]).startswith("PoisonMessage: came back 21 times unsettled")
    assert shelf.sold == ["chair"]


@pytest.mark.parametrize("mistake", [ZeroDivisionError("x"), SystemExit("x")])
def test_mistake_in_a_handler_is_put_aside_at_once(mistake: BaseException) -> None:
    """An error that nobody named transient will not pass by waiting."""
    letters = Letters()
    with pytest.raises(Ignore):
        handling(Shelf([mistake]), letters).handle(delivery())
    assert letters.kept[0].headers["x-failure-reason"] == f"{type(mistake).__name__}: x"


def test_data_that_cannot_be_read_is_poison() -> None:
    """The consumer's own model decides what it needs."""

    class ThingSold(BaseModel):
        """The publisher has dropped a field."""

    letters = Letters()
    with pytest.raises(Ignore):
        handling(Shelf(), letters).handle(delivery(ThingSold()))
    assert letters.kept[0].headers["x-failure-reason"] == "PoisonMessage: ValidationError: name: Field required"


def test_data_that_a_handler_makes_is_no_poison() -> None:
    """The publisher is not to blame for it: it counts, and is logged, as any other mistake of a handler."""
    with pytest.raises(ValidationError) as mistake:
        Sold.model_validate({})
    kinds = {kind: metrics.DEAD_LETTERS.labels("stock.shop", kind)._value for kind in ("failed", "poison")}  # noqa: SLF001
    before = {kind: value.get() for kind, value in kinds.items()}
    with pytest.raises(Ignore):
        handling(Shelf([mistake.value]), Letters()).handle(delivery())
    assert {kind: value.get() - before[kind] for kind, value in kinds.items()} == {"failed": 1, "poison": 0}


def test_dead_letter_keeps_the_body_and_its_history() -> None:
    """Byte for byte what came, and the time of the very first failure."""
    letters = Letters()
    failed = delivery(headers={"x-first-failure": "2026-01-01T00:00:00.000Z", "x-attempts": 3})
    with pytest.raises(Ignore):
        handling(Shelf([ZeroDivisionError()]), letters).handle(failed)
    assert letters.kept[0].body == failed.body
    assert letters.kept[0].headers["x-first-failure"] == "2026-01-01T00:00:00.000Z"
    assert letters.kept[0].headers["x-attempts"] == 4


def test_dead_letter_that_the_broker_does_not_take_is_retried() -> None:
    """Never acknowledged before the letter is safe."""
    with pytest.raises(Reject):
        handling(Shelf([ZeroDivisionError()]), Letters(away=True)).handle(delivery())


def test_rejections_count_only_this_queues() -> None:
    """`x-death` tells of every queue that the message has been in; expiry in the retry queue is no rejection."""
    deaths = [
        {"queue": "stock.shop", "reason": "rejected", "count": 2},
        {"queue": "stock.shop.retry", "reason": "expired", "count": 3},
        {"queue": "mail.shop", "reason": "rejected", "count": 5},
        {"queue": "stock.shop", "reason": "rejected", "count": "many"},
        "nonsense",
    ]
    assert rejections({"x-death": deaths}, "stock.shop") == 2


def test_reason_can_be_sent() -> None:
    """Half a character of somebody's data may be in an error's words; no header can hold it."""
    letters = Letters()
    with pytest.raises(Ignore):
        handling(Shelf([ValueError("\ud800 is no name")]), letters).handle(delivery())
    assert letters.kept[0].headers["x-failure-reason"] == "ValueError: \\ud800 is no name"
