"""Requests as they are written: no library tidies up the path, joins headers or adds some."""

import json
import socket
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPResponse
from typing import Any
from urllib.parse import urlsplit

Header = tuple[str, str]


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """The body, read as JSON."""
        return json.loads(self.body)


def send(
    base: str,
    target: str,
    headers: Sequence[Header] = (),
    *,
    method: str = "GET",
    body: bytes = b"",
    with_length: bool = True,
) -> Answer:
    """One request on a connection of its own; `target` goes into the request line as it is."""
    host = urlsplit(base).netloc
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers)]
    if not any(name.lower() == "host" for name, _ in headers):
        lines.append(f"Host: {host}")
    if body and with_length:
        lines.append(f"Content-Length: {len(body)}")
    message = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body
    address, _, port = host.partition(":")
    with socket.create_connection((address, int(port)), timeout=15) as connection:
        with suppress(BrokenPipeError, ConnectionResetError):  # who is refused early need not be heard out
            connection.sendall(message)
        response = HTTPResponse(connection, method=method)
        response.begin()
        return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, response.read())
