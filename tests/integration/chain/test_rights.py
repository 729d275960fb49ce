"""Least privilege, asked of the real broker."""

from collections.abc import Callable

import pika
import pytest
from pika.adapters.blocking_connection import BlockingChannel
from pika.exceptions import ChannelClosedByBroker

from tests.integration.servers import Broker

FORBIDDEN: dict[str, Callable[[BlockingChannel], object]] = {
    "publish another's events": lambda channel: publish(channel, "shop"),
    "publish to the default exchange": lambda channel: publish(channel, "", "mail.shop"),
    "park in another's dead letters": lambda channel: publish(channel, "mail.dead"),
    "send another's tasks": lambda channel: publish(channel, "mail.tasks"),
    "read another's queue": lambda channel: channel.basic_get("mail.shop"),
    "declare a queue": lambda channel: channel.queue_declare("stock.more"),
    "declare an exchange": lambda channel: channel.exchange_declare("stock.more"),
    "delete its own queue": lambda channel: channel.queue_delete("stock.shop"),
    "bind its queue to another exchange": lambda channel: channel.queue_bind("stock.shop", "mail", "#"),
}


def publish(channel: BlockingChannel, exchange: str, key: str = "thing.sold") -> None:
    channel.confirm_delivery()
    channel.basic_publish(exchange, key, b"{}")


@pytest.mark.parametrize("wish", FORBIDDEN)
def test_service_may_not(chain_broker: Broker, wish: str) -> None:
    """403 for everything that is not the service's own."""
    with pika.BlockingConnection(pika.URLParameters(chain_broker.url("stock"))) as connection:
        channel = connection.channel()
        with pytest.raises(ChannelClosedByBroker) as refused:
            FORBIDDEN[wish](channel)
    assert refused.value.reply_code == 403


@pytest.mark.parametrize("user", ["flower", "monitoring", "operator"])
def test_operators_do_not_speak_for_services(chain_broker: Broker, user: str) -> None:
    """Who watches or replays cannot publish events."""
    with pika.BlockingConnection(pika.URLParameters(chain_broker.url(user))) as connection:
        channel = connection.channel()
        with pytest.raises(ChannelClosedByBroker) as refused:
            publish(channel, "shop")
    assert refused.value.reply_code == 403
