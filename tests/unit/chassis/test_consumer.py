"""What Celery's consumer would do otherwise."""

from typing import Any

import pytest
from celery import Celery

from chassis.messaging.consumer import RECONNECT, EventConsumer
from tests.unit.chassis.unstarted import Unstarted, configured_app


class Connection:
    """Notes how it is told to connect."""

    def __init__(self) -> None:
        self.options: dict[str, Any] = {}

    def ensure_connection(self, *_args: object, **options: Any) -> "Connection":
        self.options = options
        return self


@pytest.fixture
def configured() -> Celery:
    return configured_app()


def test_reconnects_within_seconds(configured: Celery) -> None:
    """Every pause stays short, and it never gives up."""
    connection = Connection()
    Unstarted(configured).ensure_connected(connection)
    assert RECONNECT.items() <= connection.options.items()
    assert configured.conf.broker_connection_max_retries is None


def test_no_confirms_on_the_consumers_connection(configured: Celery) -> None:
    """A confirm that never comes would block the loop that notices a frozen broker: the relay's connection has them."""
    assert "confirm_publish" not in configured.conf.broker_transport_options


def test_native_delayed_delivery_is_off() -> None:
    """It would bind queues of its own to the topic exchanges."""
    assert not [step for step in EventConsumer.Blueprint.default_steps if "DelayedDelivery" in step]
