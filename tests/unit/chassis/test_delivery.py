"""A delivery takes a message as it is, whatever its properties are."""

import struct
from typing import Any

import pytest
from amqp import Message
from amqp.serialization import PROPERTY_CLASSES
from amqp.spec import Basic
from kombu.message import Message as BrokerMessage

from chassis.messaging.delivery import UNREADABLE, Delivery, take_unreadable_properties
from chassis.messaging.events import PoisonMessage

CONTENT_TYPE, HEADERS = 0x8000, 0x2000
MILLISECONDS = 1_700_000_000_000


def header_frame(flag: int, value: bytes) -> bytes:
    """The header of a message of no length with one property."""
    return struct.pack(">HHQH", Basic.CLASS_ID, 0, 0, flag) + value


def table(name: bytes, value: bytes) -> bytes:
    entry = bytes([len(name)]) + name + value
    return struct.pack(">I", len(entry)) + entry


BAD_TEXT = header_frame(CONTENT_TYPE, b"\x01\xff")
HALF_CHARACTER = header_frame(CONTENT_TYPE, b"\x03\xed\xa0\x80")
HALF_IN_TABLE = header_frame(HEADERS, table(b"note", b"S\x00\x00\x00\x03\xed\xa0\x80"))
BAD_TABLE = header_frame(HEADERS, table(b"note", b"?"))
BAD_TIME = header_frame(HEADERS, table(b"when", b"T" + struct.pack(">Q", MILLISECONDS)))


@pytest.fixture(autouse=True)
def _installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PROPERTY_CLASSES, Basic.CLASS_ID, PROPERTY_CLASSES[Basic.CLASS_ID])  # brings it back
    take_unreadable_properties()


def received(frame: bytes) -> BrokerMessage:
    message: Any = Message()
    message.inbound_header(frame)
    return broker_message(**message.properties)


def broker_message(**properties: Any) -> BrokerMessage:
    return BrokerMessage(
        body="",
        content_type=properties.get("content_type"),
        content_encoding=properties.get("content_encoding"),
        headers=properties.get("application_headers"),
        properties=properties,
        delivery_info={"exchange": "shop", "routing_key": "thing.sold"},
    )


@pytest.mark.parametrize("frame", [BAD_TEXT, HALF_CHARACTER, HALF_IN_TABLE, BAD_TABLE, BAD_TIME])
def test_properties_that_cannot_be_read_are_poison(frame: bytes) -> None:
    """No UTF-8, no known type, milliseconds where AMQP has seconds: py-amqp's own error would end the worker.

    Half a character it lets pass; pika could not send it on to the dead letters.
    """
    delivery = Delivery.of(received(frame), "stock")
    with pytest.raises(PoisonMessage, match="properties cannot be read: "):
        _ = delivery.event
    assert delivery.queue == "stock.shop"


def test_nobody_can_call_a_message_unreadable() -> None:
    """A header of that name is a header like any other."""
    assert Delivery.of(broker_message(application_headers={UNREADABLE: "as it says"}), "stock").unreadable is None
