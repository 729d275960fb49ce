"""The poison set: everything that might lie in an event queue and is no event of the queue's publisher."""

import gzip
import json
import pickle
from typing import Any

from chassis.messaging.events import CONTENT_TYPE, MAX_BYTES

ATTRIBUTES = ("id", "type", "source", "specversion", "subject", "time", "dataschema", "correlationid", "sequence")
CELERY = {"task": "chassis.poison", "id": "1", "lang": "py", "argsrepr": "()"}

ODD_DEATHS = [7, {"queue": "stock.shop", "reason": "rejected", "count": "many"}]


def changed(event: bytes, **changes: object) -> bytes:
    """An event in JSON with some attributes changed, or taken out (None)."""
    complete = {**json.loads(event), **changes}
    return json.dumps({name: value for name, value in complete.items() if value is not None}).encode()


def poison_of(event: bytes) -> dict[str, tuple[bytes, dict[str, Any]]]:
    """Bodies with their AMQP properties, made from an event that the queue's consumer would handle."""
    cases: dict[str, tuple[bytes, dict[str, Any]]] = {
        "bad JSON": (b'{"id": ', {}),
        "bad UTF-8": (b"\xff\xfe\xfd", {}),
        "a list": (b"[1, 2, 3]", {}),
        "a number": (b"42", {}),
        "empty": (b"", {}),
        "plain JSON": (event, {"content_type": "application/json"}),
        "no content type": (event, {"content_type": None}),
        "another encoding": (event, {"content_encoding": "utf-16"}),
        "unknown type": (changed(event, type="thing.unheard"), {}),
        "a type of half a character": (changed(event, type="thing.\ud800"), {}),
        "a correlation that is a list": (changed(event, correlationid=[1]), {}),
        "a sequence that is true": (changed(event, sequence=True), {}),
        "a sequence beyond all numbers": (changed(event, sequence=10**30), {}),
        "a time of nowhere": (changed(event, time="2026-01-01T00:00:00"), {}),
        "bad UTF-8 in a property": (event, {"type": b"\xff\xfe"}),
        "half a character in a property": (event, {"content_encoding": b"\xed\xa0\x80"}),
        "attempts beyond all numbers": (b"{", {"headers": {"x-attempts": 2**63 - 1}}),
        "data is a list": (changed(event, data=[1]), {}),
        "data misses a field": (changed(event, data={"wrong": True}), {}),
        "a task of Celery": (b"[[], {}, {}]", {"content_type": "application/json", "headers": CELERY}),
        "a task header": (b"17", {"headers": {"task": "chassis.poison", "id": "x"}}),
        "pickle": (pickle.dumps({"a": 1}), {"content_type": "application/x-python-serialize"}),
        "bad compression": (b"not packed", {"headers": {"compression": "application/x-gzip"}}),
        "unknown compression": (b"not packed", {"headers": {"compression": "no-such-thing"}}),
        "packed, no header": (gzip.compress(event, mtime=0), {"content_encoding": "gzip"}),
        "5 MB": (b" " * 5 * MAX_BYTES, {}),
        "odd headers": (b"{", {"headers": {"x-attempts": {"a": "table"}, "traceparent": 7, "x-death": "none"}}),
        "odd history": (b"{", {"headers": {"x-attempts": "many", "x-first-failure": 7, "x-death": ODD_DEATHS}}),
        **{f"no {name}": (changed(event, **{name: None}), {}) for name in ATTRIBUTES},
    }
    return {name: (body, {"content_type": CONTENT_TYPE, **given}) for name, (body, given) in cases.items()}
