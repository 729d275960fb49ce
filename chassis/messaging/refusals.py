"""What a channel with confirms raises for a message that is not taken: no way to a queue, no exchange, or a nack."""

import pika

REFUSED: tuple[type[Exception], ...] = (
    pika.exceptions.UnroutableError, pika.exceptions.NackError, pika.exceptions.ChannelClosedByBroker,
)  # fmt: skip
