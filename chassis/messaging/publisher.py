"""The publisher: one connection and channel of its own, pipelined publisher confirms, every message mandatory.

pika's `SelectConnection` runs in a thread. Any thread may hand over a batch and wait; one at a time is in flight.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Protocol

import pika
from pika.adapters.select_connection import SelectConnection
from pika.channel import Channel

from chassis.logs import get_logger
from chassis.messaging.connection import PERSISTENT, RECONNECT_SECONDS, Properties, connection_parameters

log = get_logger()


class BrokerUnavailable(Exception):
    """The broker cannot be reached, has blocked publishing, or did not confirm in time: nothing is known."""


@dataclass(frozen=True, slots=True)
class Message:
    """What goes to an exchange. `id` finds it again among the returns, so it is unique in its batch."""

    id: str
    exchange: str
    routing_key: str
    body: bytes
    content_type: str
    headers: Mapping[str, Any] = field(default_factory=dict)
    type: str | None = None
    content_encoding: str | None = None

    def properties(self) -> Properties:
        """As AMQP has it; to be written to disk."""
        return Properties(
            message_id=self.id,
            type=self.type,
            content_type=self.content_type,
            content_encoding=self.content_encoding,
            headers=dict(self.headers),
            delivery_mode=PERSISTENT,
        )


@dataclass
class _Batch:
    """What is in flight: the ids of unconfirmed messages by delivery tag, and what became of the others."""

    messages: Sequence[Message]
    unconfirmed: dict[int, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    error: str | None = None
    done: threading.Event = field(default_factory=threading.Event)

    def finish(self, error: str | None = None) -> None:
        """Lets the caller go on."""
        self.error = error
        self.done.set()


class BatchPublisher(Protocol):
    """What relay and handling need of a publisher."""

    @property
    def problem(self) -> str | None:
        """Why nothing can be published now."""

    def publish(self, messages: Sequence[Message], timeout: float = 10) -> dict[str, str]:
        """Sends a batch; returns the refused messages: id → reason."""


class Publisher:
    """Publishes batches and tells which messages the broker did not take."""

    def __init__(self, url: str, name: str) -> None:
        self._parameters = connection_parameters(url, name)
        self._stopping = threading.Event()
        self._connection: SelectConnection | None = None
        self._channel: Channel | None = None
        self._blocked = False
        self._last_tag = 0
        self._batch: _Batch | None = None
        self._one_batch = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="publisher", daemon=True)

    def start(self) -> None:
        """Connects in the background and reconnects for as long as it runs."""
        self._thread.start()

    def stop(self, timeout: float = 5) -> None:
        """Closes the connection; batches in flight fail."""
        self._stopping.set()
        connection = self._connection
        if connection is not None:
            with suppress(BrokerUnavailable):
                self._in_loop(connection, lambda: self._close(connection))
        self._thread.join(timeout)

    @property
    def problem(self) -> str | None:
        """Why nothing can be published now, or None."""
        if self._blocked:
            return "the broker has blocked publishing (resource alarm)"
        return None if self._channel is not None else "no connection to the broker"

    def publish(self, messages: Sequence[Message], timeout: float = 10) -> dict[str, str]:
        """Sends the batch and waits for its confirms. Returns the refused messages: id → reason.

        Raises `BrokerUnavailable` when the outcome is unknown; then each message may or may not have arrived.
        """
        batch = _Batch(messages)
        with self._one_batch:
            connection = self._connection
            if self.problem is not None or connection is None:
                raise BrokerUnavailable(self.problem)
            self._in_loop(connection, lambda: self._send(batch))
            if not batch.done.wait(timeout):
                # A late confirm could be taken for another message's: start anew.
                self._in_loop(connection, lambda: self._close(connection))
                raise BrokerUnavailable(f"no confirm within {timeout:g} s")
        if batch.error is not None:
            raise BrokerUnavailable(batch.error)
        return batch.refused

    @staticmethod
    def _in_loop(connection: SelectConnection, callback: Callable[[], None]) -> None:
        try:
            connection.ioloop.add_callback_threadsafe(callback)
        except Exception as error:  # pika's loop has no word for "closed"
            raise BrokerUnavailable("the connection to the broker has just ended") from error

    # Everything below runs in the connection's thread.

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._run_connection()
            except Exception as error:  # noqa: BLE001 - the thread must live
                # No file is left to open, or a callback has failed (a publish on a channel that is just closing).
                self._disconnected(f"{type(error).__name__}: {error}")
            self._stopping.wait(RECONNECT_SECONDS)

    def _run_connection(self) -> None:
        connection = SelectConnection(
            self._parameters,
            on_open_callback=lambda opened: opened.channel(on_open_callback=self._on_channel),
            on_open_error_callback=self._on_closed,
            on_close_callback=self._on_closed,
        )
        connection.add_on_connection_blocked_callback(lambda *_: self._set_blocked(blocked=True))
        connection.add_on_connection_unblocked_callback(lambda *_: self._set_blocked(blocked=False))
        self._connection = connection
        try:
            connection.ioloop.start()
        finally:
            connection.ioloop.close()  # frees its sockets

    def _on_channel(self, channel: Channel) -> None:
        channel.add_on_return_callback(self._on_return)
        channel.add_on_close_callback(lambda _, reason: self._close(channel.connection, str(reason)))
        channel.confirm_delivery(self._on_confirm, callback=lambda _: self._on_ready(channel))

    def _on_ready(self, channel: Channel) -> None:
        self._channel, self._last_tag = channel, 0
        log.info("publisher_connected")

    def _set_blocked(self, *, blocked: bool) -> None:
        self._blocked = blocked
        log.warning("publisher_blocked" if blocked else "publisher_unblocked")

    def _send(self, batch: _Batch) -> None:
        if self._channel is None:
            batch.finish("no connection to the broker")
            return
        self._batch = batch
        for message in batch.messages:
            self._last_tag += 1  # as the broker counts
            batch.unconfirmed[self._last_tag] = message.id
            self._channel.basic_publish(
                message.exchange, message.routing_key, message.body, message.properties(), mandatory=True
            )
        self._finish_if_confirmed(batch)

    def _on_return(self, _channel: Channel, method: Any, properties: Properties, _body: bytes) -> None:
        # The broker acknowledges a returned message all the same, after the return.
        if self._batch is not None:
            self._batch.refused[properties.message_id] = f"returned: {method.reply_code} {method.reply_text}"

    def _on_confirm(self, frame: Any) -> None:
        method, batch = frame.method, self._batch
        if batch is None:
            return
        up_to = method.delivery_tag
        for tag in [tag for tag in batch.unconfirmed if tag <= up_to] if method.multiple else [up_to]:
            message_id = batch.unconfirmed.pop(tag)
            if isinstance(method, pika.spec.Basic.Nack):
                batch.refused[message_id] = "refused by the broker (nack)"
        self._finish_if_confirmed(batch)

    def _finish_if_confirmed(self, batch: _Batch) -> None:
        if not batch.unconfirmed:
            self._batch = None
            batch.finish()

    def _close(self, connection: SelectConnection, reason: str = "closed") -> None:
        self._disconnected(reason)
        if connection.is_open:
            connection.close()
        elif not (connection.is_closing or connection.is_closed):
            connection.ioloop.stop()

    def _on_closed(self, connection: SelectConnection, reason: BaseException) -> None:
        self._disconnected(str(reason) or repr(reason))
        self._blocked = False
        connection.ioloop.stop()

    def _disconnected(self, reason: str) -> None:
        if self._channel is not None and not self._stopping.is_set():
            log.warning("publisher_disconnected", reason=reason)
        self._channel = None
        batch, self._batch = self._batch, None
        if batch is not None:
            batch.finish(reason)
