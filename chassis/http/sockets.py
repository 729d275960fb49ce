"""WebSockets: one connection as a view sees it. It sends; what a client says is not listened to.

A client that does not read what is sent is cut off after some seconds, so nothing is ever buffered for it but what the
operating system keeps.
"""

import contextlib
import threading
from typing import Any

import gevent
from flask import Response
from simple_websocket import ConnectionClosed, Server

PING_SECONDS = 20
SEND_SECONDS = 5.0
GOODBYE_SECONDS = 2.0
MAX_MESSAGE_BYTES = 1024  # of what a client says
STOPPING = "chassis-sockets-stop"
"""The app's extension that closes its sockets when the process is to stop."""

INTERNAL_ERROR = 1011


class SocketGone(Exception):
    """The connection has ended."""


class TooSlow(SocketGone):
    """The client does not read."""


class _PatientSocket:
    """The TCP socket for simple-websocket: a whole message or an error, one at a time, and not for ever."""

    def __init__(self, sock: Any) -> None:
        self._sock = sock
        self._turn = threading.Lock()
        self.too_slow = False

    def send(self, data: bytes) -> int:
        with self._turn, gevent.Timeout(SEND_SECONDS, TimeoutError("the client does not read")):
            try:
                self._sock.sendall(data)
            except TimeoutError:
                self.too_slow = True  # part of a message may be out: no close frame could follow it
                self._sock.close()
                raise
        return len(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)


class WebSocket:
    """One open connection. It is pinged every 20 s, and ends with 1008 when a ping stays unanswered."""

    def __init__(self, environ: dict[str, Any]) -> None:
        self._socket = _PatientSocket(environ["gunicorn.socket"])
        # Without compression: it would keep a dictionary of 256 KiB for each connection.
        plain = {name: value for name, value in environ.items() if name != "HTTP_SEC_WEBSOCKET_EXTENSIONS"}
        self._server = Server(
            {**plain, "gunicorn.socket": self._socket}, ping_interval=PING_SECONDS, max_message_size=MAX_MESSAGE_BYTES
        )

    @property
    def is_open(self) -> bool:
        """Whether more can be sent."""
        return bool(self._server.connected)

    def send(self, text: str) -> None:
        """Sends one message. Raises `SocketGone`, or `TooSlow` when it could not be sent in time."""
        try:
            self._server.send(text)
        except (ConnectionClosed, OSError) as error:
            self._server.connected = False
            raise (TooSlow if self._socket.too_slow else SocketGone)(str(error)) from error

    def wait(self, seconds: float) -> None:
        """Until `wake` is called, the client says something or goes, or the time is over."""
        self._server.event.wait(seconds)
        self._server.event.clear()
        self._server.input_buffer.clear()

    def wake(self) -> None:
        """Ends a `wait`, the present or the next one."""
        self._server.event.set()

    def close(self, code: int, reason: str) -> None:
        """Says good-bye, and gives the client a moment to answer: data that it has sent would reset the connection."""
        with contextlib.suppress(ConnectionClosed, OSError):
            self._server.close(code, reason)
        self._server.thread.join(GOODBYE_SECONDS)


class Hijacked(Response):
    """The answer to a request whose connection has become a WebSocket: there is nothing more to send."""

    def __init__(self) -> None:
        super().__init__(status=101)

    def __call__(self, *_: Any) -> Any:
        """This is how gunicorn is told to close the connection."""
        raise StopIteration
