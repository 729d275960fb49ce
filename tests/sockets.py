"""WebSocket clients of the tests."""

import contextlib

from websocket import WebSocket, WebSocketException


def hang_up(client: WebSocket) -> None:
    """Says good-bye where there is still somebody, and gives the connection back in any case."""
    with contextlib.suppress(WebSocketException, OSError):
        client.close(timeout=1)
    client.shutdown()  # type: ignore[no-untyped-call] # as shipped


def close_frame(client: WebSocket, seconds: float) -> tuple[int, str]:
    """The code and the reason with which the server ends it, the next thing that comes."""
    client.settimeout(seconds)
    opcode, data = client.recv_data()
    assert opcode == 8, data
    return int.from_bytes(data[:2]), data[2:].decode()
