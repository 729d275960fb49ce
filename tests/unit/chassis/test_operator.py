"""`ops dead-letters` on a queue that is only played."""

import json
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner, Result

from chassis import dead_letters
from chassis.operator import cli

LETTERS = 200
LETTER_BYTES = 50_000


class LongQueue:
    """A channel of the broker on which a queue of many letters can be read; every tenth is of the event `again`."""

    def __init__(self) -> None:
        self.read = 0

    def queue_declare(self, _name: str, *, passive: bool) -> Any:
        return SimpleNamespace(method=SimpleNamespace(message_count=LETTERS))

    def basic_get(self, _name: str) -> Any:
        if self.read == LETTERS:
            return None, None, None
        self.read += 1
        event = {"id": "again" if self.read % 10 == 0 else f"event-{self.read}", "padding": "x" * LETTER_BYTES}
        properties = SimpleNamespace(message_id=None, content_type=None, content_encoding=None, headers={})
        return SimpleNamespace(delivery_tag=self.read), properties, json.dumps(event).encode()


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> LongQueue:
    played = LongQueue()

    @contextmanager
    def open_channel(_url: str, _name: str) -> Iterator[LongQueue]:
        yield played

    monkeypatch.setattr(dead_letters, "open_channel", open_channel)
    return played


def show(*options: str) -> Result:
    environment = {"BROKER_URL": "amqp://played", "RABBITMQ_OPERATOR_PASSWORD": "unused"}
    return CliRunner().invoke(cli, ["dead-letters", "show", "stock.shop", *options], env=environment)


def test_one_letter_is_found_without_holding_the_queue(queue: LongQueue) -> None:
    """The last one of 200 takes the memory of a few, though all are read on the way."""
    tracemalloc.start()
    try:
        done = show("--id", "event-199", "--json")
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert [letter["id"] for letter in json.loads(done.output)] == ["event-199"]
    assert queue.read == LETTERS
    assert most < LETTERS * LETTER_BYTES / 4


def test_limit_counts_what_is_shown(queue: LongQueue) -> None:
    """And nothing is read beyond it."""
    done = show("--id", "again", "--limit", "3", "--json")
    assert [letter["id"] for letter in json.loads(done.output)] == ["again"] * 3
    assert queue.read == 30


def test_help_says_what_attempts_are() -> None:
    """Rounds, each of several quick tries."""
    words = " ".join(show("--help").output.split())
    assert "Attempts are rounds: deliveries that failed, each of them after up to three quick tries." in words
