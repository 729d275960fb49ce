"""What travels between services: encoding, decoding, and refusing what is no event."""

import json
from typing import ClassVar

import pytest
from pydantic import BaseModel

from chassis.messaging.events import MAX_BYTES, Event, PoisonMessage, decode, encode, event_type, publication
from chassis.storage.outbox import StoredEvent


class OrderShipRequested(BaseModel):
    """A publisher's model."""

    schema_version: ClassVar[str] = "1.3"
    order_id: str


def an_event(cause: Event | None = None) -> Event:
    return publication(
        OrderShipRequested(order_id="o-1"), source="orders", subject="o-1", sequence=4, correlation=None, cause=cause
    )


def with_changes(**changes: object) -> bytes:
    envelope = json.loads(encode(an_event()))
    envelope.update(changes)
    return json.dumps({name: value for name, value in envelope.items() if value is not None}).encode()


def with_null(name: str) -> bytes:
    return json.dumps({**json.loads(encode(an_event())), name: None}).encode()


def test_type_comes_from_the_name() -> None:
    """The first word is the noun, the rest what happened to it."""
    assert event_type(OrderShipRequested) == "order.ship_requested"


def test_round_trip_keeps_everything() -> None:
    """What was encoded is decoded unchanged."""
    event = an_event()
    assert decode(encode(event).encode()) == event


def test_effect_names_its_cause() -> None:
    """An event that another one caused belongs to the same correlation."""
    cause = an_event()
    effect = an_event(cause)
    assert (effect.causationid, effect.correlationid) == (str(cause.id), cause.correlationid)


def test_schema_carries_the_version() -> None:
    """`dataschema` names the type and the version of its publisher's model."""
    assert an_event().dataschema == "urn:quadrille:schema:order.ship_requested:1.3"


def test_unknown_extras_are_accepted() -> None:
    """A newer publisher may add attributes and fields."""
    changed = with_changes(dataschema="urn:quadrille:schema:order.ship_requested:1.9", futureattribute="x")
    assert decode(changed).type == "order.ship_requested"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"{", "not a CloudEvent"),
        (b"\xff\xfe", "not a CloudEvent"),
        (b"[]", "not a CloudEvent"),
        (b"7", "not a CloudEvent"),
        (b"null", "not a CloudEvent"),
        (with_changes(id=None), "attribute 'id' is missing"),
        (with_changes(time=None), "attribute 'time' is missing"),
        (with_changes(id="no-uuid"), "not a CloudEvent"),
        (with_changes(type=None), "attribute 'type' is missing"),
        (with_changes(type=17), "not a CloudEvent"),
        (with_changes(specversion="0.2"), "not a CloudEvent"),
        (with_changes(subject=None), "attribute 'subject' is missing"),
        (with_changes(sequence=None), "attribute 'sequence' is missing"),
        (with_changes(correlationid=None), "attribute 'correlationid' is missing"),
        (with_changes(dataschema=None), "attribute 'dataschema' is missing"),
        (with_changes(sequence="first"), "not a CloudEvent"),
        (with_changes(sequence=True), "sequence: Input should be a valid integer"),
        (with_changes(sequence=10**30), "sequence: Input should be less than"),
        (with_changes(sequence=-1), "sequence: Input should be greater than"),
        (with_changes(correlationid=[1]), "correlationid: Input should be a valid string"),
        (with_changes(correlationid=""), "correlationid: String should have at least 1 character"),
        (with_changes(causationid=7), "causationid: Input should be a valid string"),
        (with_changes(subject="\ud800"), "subject: Input should be a valid string"),
        (with_changes(time="2026-01-01T00:00:00"), "must be timezone aware"),
        (with_null("subject"), "not a CloudEvent: .*subject"),
        (with_null("correlationid"), "correlationid: Input should be a valid string"),
        (with_changes(data="text"), "data: Input should be a valid dictionary"),
        (with_changes(data=[1]), "data: Input should be a valid dictionary"),
        (with_changes(data=None), "data: Input should be a valid dictionary"),
        (b" " * (MAX_BYTES + 1), "is above the limit"),
    ],
)
def test_poison_is_refused_with_a_reason(body: bytes, reason: str) -> None:
    """Whatever is in a body, the answer is an event or `PoisonMessage`."""
    with pytest.raises(PoisonMessage, match=reason):
        decode(body)


def test_nothing_is_stored_that_nobody_would_read() -> None:
    """Its consumers would put it aside, and the broker takes no message of several megabytes."""
    model = OrderShipRequested(order_id="o" * MAX_BYTES)
    event = publication(model, source="orders", subject="o-1", sequence=1, correlation=None, cause=None)
    with pytest.raises(ValueError, match=r"order\.ship_requested of .* bytes is above the limit"):
        StoredEvent.of(event)
