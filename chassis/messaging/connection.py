"""How this package connects to the broker with pika; and a channel for those who read a queue by themselves."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeAlias

import pika
from pika.adapters.blocking_connection import BlockingChannel

HEARTBEAT_SECONDS = 10  # a frozen broker is noticed after about two of them
RECONNECT_SECONDS = 1.0
_SOCKET_SECONDS = 5

Channel: TypeAlias = BlockingChannel
RefusedByBroker = pika.exceptions.ChannelClosedByBroker
NOT_TAKEN = (RefusedByBroker, pika.exceptions.UnroutableError, pika.exceptions.NackError)
Properties: TypeAlias = pika.BasicProperties
PERSISTENT = pika.DeliveryMode.Persistent.value


def connection_parameters(url: str, name: str) -> pika.URLParameters:
    """The parameters of a connection under a name that operators see in the broker's list."""
    parameters = pika.URLParameters(url)
    parameters.heartbeat = HEARTBEAT_SECONDS
    parameters.client_properties = {"connection_name": name}
    parameters.socket_timeout = parameters.stack_timeout = _SOCKET_SECONDS
    return parameters


@contextmanager
def open_channel(url: str, name: str) -> Iterator[Channel]:
    """A channel of a connection of its own. At its end what was read and not acknowledged goes back, in its old order.

    Its methods raise `RefusedByBroker` for what is not there or not allowed; with confirms, to publish raises one of
    `NOT_TAKEN`.
    """
    with pika.BlockingConnection(connection_parameters(url, name)) as connection:
        yield connection.channel()
