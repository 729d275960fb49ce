"""The publisher's thread, without a broker."""

from typing import Any

import pytest

from chassis.messaging import publisher
from chassis.messaging.publisher import BrokerUnavailable, Message, Publisher
from tests.polling import eventually


def test_thread_outlives_whatever_keeps_it_from_connecting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without it, nothing would be published any more, and the process would only say that the broker is away."""
    tries: list[str] = []

    def no_file_left(*_args: Any, **_options: Any) -> None:
        tries.append("once more")
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(publisher, "SelectConnection", no_file_left)
    monkeypatch.setattr(publisher, "RECONNECT_SECONDS", 0.01)
    tested = Publisher("amqp://broker", "test")
    tested.start()

    def assert_tried() -> None:
        assert len(tries) >= 3

    eventually(assert_tried)
    with pytest.raises(BrokerUnavailable, match="no connection"):
        tested.publish([Message("1", "shop", "thing.sold", b"{}", "application/json")])
    tested.stop()
