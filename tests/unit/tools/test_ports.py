"""Who holds a port."""

import socket

import pytest

from tools import ports

TABLE = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0 100 0 0 10 0
   1: 0100007F:1F90 0100007F:9C40 01 00000000:00000000 00:00000000 00000000     0        0 4712 1 0 20 4 30 10 -1
   2: 0100007F:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4713 1 0 100 0 0 10 0
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("127.0.0.1:8080->80/tcp, 5432/tcp", {8080}),
        ("0.0.0.0:9000-9002->9000-9002/tcp, :::9000-9002->9000-9002/tcp", {9000, 9001, 9002}),
        ("", set()),
    ],
)
def test_published(text: str, expected: set[int]) -> None:
    """Single ports, ranges and none; what is only exposed does not count."""
    assert ports.published(text) == expected


def test_containers_by_port() -> None:
    """A container outside of Compose has no project."""
    listing = "shop-web-1\tshop\t127.0.0.1:8080->80/tcp\nloner\t\t0.0.0.0:90->90/tcp"
    assert ports.containers(listing) == {8080: ("shop-web-1", "shop"), 90: ("loner", "")}


def test_only_listeners_hold_a_port() -> None:
    """An open connection on the same port is not the holder."""
    assert ports.listening_inodes(TABLE, 8080) == {"4711"}


def test_held_port_is_not_free() -> None:
    """Free again when the listener is gone."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        assert not ports.is_free(port)
    assert ports.is_free(port)


def test_free_ports_differ() -> None:
    """One for each variable."""
    assert len(set(ports.several_free(8))) == 8


def test_conflict_names_holder_and_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Our own container is none; another one's is named, with the way out."""
    listing = "ours-web-1\tours\t127.0.0.1:1->80/tcp\nother\t\t127.0.0.1:2->80/tcp"
    monkeypatch.setattr(ports, "capture", lambda *_: listing)
    assert ports.conflicts({"WEB_PORT": 1, "UI_PORT": 2}, "ours") == [
        "port 2 is held by container other: stop it, or set UI_PORT in .env to a free port"
    ]


def test_same_port_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two variables with one value are a mistake in .env."""
    monkeypatch.setattr(ports, "capture", lambda *_: "")
    monkeypatch.setattr(ports, "is_free", lambda _: True)
    assert "more than one variable" in ports.conflicts({"A_PORT": 5, "B_PORT": 5}, "ours")[0]
