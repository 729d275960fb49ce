"""What operators are shown of a dead letter, whatever it is."""

import base64
import json
from datetime import UTC, datetime
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


def test_private_task_is_shown_by_its_name() -> None:
    """With its own id, and with the reason and the time that the broker gives."""
    deaths = [{"reason": "rejected", "queue": "stock.tasks", "count": 1, "time": datetime(2026, 1, 2, tzinfo=UTC)}]
    task = letter(b"[[], {}, {}]", task="stock.sweep", id="task-1", **{"x-death": deaths})
    shown = task.as_json()
    assert (shown["id"], shown["type"]) == ("task-1", "stock.sweep")
    assert shown["reason"] == "dead-lettered by the broker: rejected"
    assert shown["first_failure"] == shown["last_failure"] == "2026-01-02T00:00:00.000Z"


def test_own_reason_is_better_than_the_brokers() -> None:
    """And so are our own times, and the event's own type."""
    ours = {"x-failure-reason": "a mistake", "x-first-failure": "then", "x-last-failure": "now"}
    deaths = [{"reason": "expired", "time": datetime(2026, 1, 2, tzinfo=UTC)}]
    shown = letter(b'{"type": "thing.sold"}', task="foreign", **ours, **{"x-death": deaths}).as_json()
    assert (shown["type"], shown["reason"]) == ("thing.sold", "a mistake")
    assert (shown["first_failure"], shown["last_failure"]) == ("then", "now")


@pytest.mark.parametrize("deaths", ["none", [], ["often"], [{}], [{"reason": 7, "time": "late"}], [{"reason": []}]])
def test_odd_history_is_no_reason(deaths: Any) -> None:
    """The broker's headers may come from anybody."""
    shown = letter(task=7, id=7, **{"x-death": deaths}).as_json()
    assert (shown["id"], shown["type"], shown["reason"], shown["first_failure"]) == ("message-1", None, None, None)
