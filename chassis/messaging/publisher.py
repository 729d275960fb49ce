"""The publisher: one connection and channel of its own, pipelined publisher confirms, every message mandatory.

pika's `SelectConnection` runs in a thread. Callers hand over batches and wait; any number of threads may do so.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pika
from pika.adapters.select_connection import SelectConnection
from pika.channel import Channel

from chassis.logs import get_logger
from chassis.messaging.connection import RECONNECT_SECONDS, connection_parameters

log = get_logger()


class BrokerUnavailable(Exception):
    """The broker cannot be reached, has blocked publishing, or did not confirm in time: nothing is known."""


@dataclass(frozen=True, slots=True)
class Message:
    """What goes to an exchange. `id` finds it again among confirms and returns, so it is unique in its batch."""

    id: str
    exchange: str
    routing_key: str
    body: bytes
    content_type: str
    headers: Mapping[str, Any] = field(default_factory=dict)
    type: str | None = None
    content_encoding: str | None = None


@dataclass
class _Batch:
    messages: Sequence[Message]
    open: set[int] = field(default_factory=set)
    refused: dict[str, str] = field(default_factory=dict)
    error: str | None = None
    done: threading.Event = field(default_factory=threading.Event)


class Publisher:
    """Publishes batches and tells which messages the broker did not take."""

    def __init__(self, url: str, name: str) -> None:
        self._parameters = connection_parameters(url, name)
        self._stopping = threading.Event()
        self._connection: SelectConnection | None = None
        self._channel: Channel | None = None
        self._blocked = False
        self._next_tag = 1
        self._open: dict[int, tuple[_Batch, Message]] = {}
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
        connection = self._connection
        if self.problem is not None or connection is None:
            raise BrokerUnavailable(self.problem)
        batch = _Batch(messages)
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
            except Exception as error:  # noqa: BLE001 - the thread must live
                # A callback has failed, for instance a publish on a channel that is just closing: start anew.
                self._fail_open(f"{type(error).__name__}: {error}")
            finally:
                connection.ioloop.close()  # frees its sockets
            self._stopping.wait(RECONNECT_SECONDS)

    def _on_channel(self, channel: Channel) -> None:
        channel.add_on_return_callback(self._on_return)
        channel.add_on_close_callback(lambda _, reason: self._close(channel.connection, str(reason)))
        channel.confirm_delivery(self._on_confirm, callback=lambda _: self._on_ready(channel))

    def _on_ready(self, channel: Channel) -> None:
        self._next_tag = 1
        self._channel = channel
        log.info("publisher_connected")

    def _set_blocked(self, *, blocked: bool) -> None:
        self._blocked = blocked
        log.warning("publisher_blocked" if blocked else "publisher_unblocked")

    def _send(self, batch: _Batch) -> None:
        if self._channel is None:
            self._finish(batch, "no connection to the broker")
            return
        for message in batch.messages:
            properties = pika.BasicProperties(
                message_id=message.id,
                type=message.type,
                content_type=message.content_type,
                content_encoding=message.content_encoding,
                headers=dict(message.headers),
                delivery_mode=pika.DeliveryMode.Persistent.value,
            )
            self._channel.basic_publish(
                message.exchange, message.routing_key, message.body, properties=properties, mandatory=True
            )
            batch.open.add(self._next_tag)
            self._open[self._next_tag] = (batch, message)
            self._next_tag += 1
        if not batch.open:
            self._finish(batch)

    def _on_return(self, _channel: Channel, method: Any, properties: pika.BasicProperties, _body: bytes) -> None:
        # The broker acknowledges a returned message all the same, after the return.
        for batch, message in self._open.values():
            if message.id == properties.message_id:
                batch.refused[message.id] = f"returned: {method.reply_code} {method.reply_text}"
                return

    def _on_confirm(self, frame: Any) -> None:
        method = frame.method
        up_to = method.delivery_tag
        tags = [tag for tag in self._open if tag <= up_to] if method.multiple else [up_to]
        for tag in tags:
            batch, message = self._open.pop(tag)
            if isinstance(method, pika.spec.Basic.Nack):
                batch.refused[message.id] = "refused by the broker (nack)"
            batch.open.discard(tag)
            if not batch.open:
                self._finish(batch)

    def _finish(self, batch: _Batch, error: str | None = None) -> None:
        batch.error = error
        batch.done.set()

    def _close(self, connection: SelectConnection, reason: str = "closed") -> None:
        self._fail_open(reason)
        if connection.is_open:
            connection.close()
        elif not (connection.is_closing or connection.is_closed):
            connection.ioloop.stop()

    def _on_closed(self, connection: SelectConnection, reason: BaseException) -> None:
        self._fail_open(str(reason) or repr(reason))
        self._blocked = False
        connection.ioloop.stop()

    def _fail_open(self, reason: str) -> None:
        if self._channel is not None and not self._stopping.is_set():
            log.warning("publisher_disconnected", reason=reason)
        self._channel = None
        batches = {id(batch): batch for batch, _ in self._open.values()}
        self._open.clear()
        for batch in batches.values():
            self._finish(batch, reason)
