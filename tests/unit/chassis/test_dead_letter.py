"""What operators are shown of a dead letter, whatever it is."""

import base64
import json
from typing import Any

import pytest

from chassis.dead_letters import DeadLetter

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def letter(body: bytes = b"{}", **headers: Any) -> DeadLetter:
    return DeadLetter("stock.shop", "message-1", None, None, headers, body)


def test_event_is_shown_as_it_came() -> None:
    """Its own id and type; the trace of the header, or else of the event."""
    shown = letter(json.dumps({"id": "event-1", "type": "thing.sold", "traceparent": TRACE}).encode()).as_json()
    assert (shown["id"], shown["type"], shown["trace_id"]) == ("event-1", "thing.sold", TRACE.split("-")[1])
    assert shown["body_base64"] is None


@pytest.mark.parametrize("body", [b"\xff", b"[1]", b"7", b""])
def test_what_is_no_event_is_shown_byte_for_byte(body: bytes) -> None:
    """With the message's id, if it has one."""
    shown = letter(body).as_json()
    assert (shown["id"], shown["type"], shown["event"]) == ("message-1", None, None)
    assert base64.b64decode(shown["body_base64"]) == body


def test_odd_headers_can_be_shown() -> None:
    """A traceparent may be anything: then there is no link."""
    assert letter(traceparent=7).as_json()["trace_id"] is None
    assert letter(b'{"traceparent": [], "type": 7}').as_json()["trace_id"] is None
