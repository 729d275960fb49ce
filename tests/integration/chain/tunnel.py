"""A tunnel to the broker that a test can close and open: its clients see a server that is away, and comes."""

import socket
import threading
from contextlib import suppress

from tests.integration.servers import free_port


class Tunnel:
    """Forwards a port of this machine to an address while it is open."""

    def __init__(self, address: str) -> None:
        host, _, port = address.partition(":")
        self._target = (host, int(port))
        self.address = f"127.0.0.1:{free_port()}"
        self._listening: socket.socket | None = None
        self._sockets: list[socket.socket] = []

    def open(self) -> None:
        """Lets clients in."""
        host, _, port = self.address.partition(":")
        self._listening = socket.create_server((host, int(port)))
        threading.Thread(target=self._accept, args=(self._listening,), daemon=True).start()

    def close(self) -> None:
        """Cuts every connection and refuses new ones."""
        if self._listening is not None:
            self._sockets.append(self._listening)
        for each in self._sockets:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        self._sockets.clear()
        self._listening = None

    def _accept(self, listening: socket.socket) -> None:
        with suppress(OSError):
            while True:
                client, _ = listening.accept()
                server = socket.create_connection(self._target)
                self._sockets += [client, server]
                for source, target in ((client, server), (server, client)):
                    threading.Thread(target=self._copy, args=(source, target), daemon=True).start()

    @staticmethod
    def _copy(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
