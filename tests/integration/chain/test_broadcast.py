"""Live events on the real broker: every process hears each one, whatever happens to broker, messages and handlers."""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Protocol

import pytest
from prometheus_client import REGISTRY

from chassis.broadcast import LiveInterests, LiveListener
from chassis.messaging.events import Event
from tests.integration.chain.shop import Shop
from tests.integration.chain.tunnel import Tunnel
from tests.integration.chain.worker_app import LIVE
from tests.integration.servers import PASSWORD, ROOT, Broker
from tests.polling import eventually


class Ear:
    """A listener, what it heard, and how often it began to listen."""

    def __init__(self, url: str, interests: LiveInterests = LIVE) -> None:
        self.heard: list[str] = []
        self.beginnings = 0
        self.listener = LiveListener(url, interests, self._hear, self._begin)
        self.listener.start()

    def _hear(self, event: Event) -> None:
        if event.data["mistake"]:
            raise ZeroDivisionError("a mistake in the handler")
        self.heard.append(str(event.id))

    def _begin(self) -> None:
        self.beginnings += 1

    def assert_listening(self, beginnings: int = 1) -> None:
        """It has begun to listen that often, and is at it."""
        assert (self.beginnings, self.listener.problem) == (beginnings, None)

    def assert_deaf(self) -> None:
        """It knows that it hears nothing."""
        assert self.listener.problem is not None

    def assert_heard(self, *events: str) -> None:
        """Those events and no other, in that order."""
        assert self.heard == list(events)


class StartListener(Protocol):
    """Starts a listener on the broker, or on another address."""

    def __call__(self, url: str | None = None, interests: LiveInterests = LIVE) -> Ear: ...


@pytest.fixture
def start_listener(chain_broker: Broker) -> Iterator[StartListener]:
    """Starts listeners, and stops all of them at the end."""
    ears: list[Ear] = []

    def start(url: str | None = None, interests: LiveInterests = LIVE) -> Ear:
        ears.append(Ear(url or chain_broker.url(interests.service), interests))
        return ears[-1]

    yield start
    for ear in ears:
        ear.listener.stop()


def live_queues(broker: Broker) -> list[str]:
    return [each["name"] for each in broker.call("GET", "/queues/quadrille").json() if ".live." in each["name"]]


def live_queues_are(broker: Broker, expected: int) -> None:
    assert len(live_queues(broker)) == expected


def test_each_listener_hears_every_event(shop: Shop, chain_broker: Broker, start_listener: StartListener) -> None:
    """Two processes of a service do not share the events, as they would share a queue; nothing stays behind."""
    ears = [start_listener(), start_listener()]
    for ear in ears:
        eventually(ear.assert_listening)
    sold = [shop.sell() for _ in range(5)]
    for ear in ears:
        eventually(lambda ear=ear: ear.assert_heard(*sold))  # type: ignore[misc]
        ear.listener.stop()
    eventually(lambda: live_queues_are(chain_broker, 0))


def test_closed_connection_is_made_anew(shop: Shop, chain_broker: Broker, start_listener: StartListener) -> None:
    """An operator closes it; the listener says when it begins again, since it missed what came between."""
    ear = start_listener()
    eventually(ear.assert_listening)
    eventually(lambda: close_connections(chain_broker), seconds=15)
    eventually(lambda: ear.assert_listening(2))
    eventually(lambda: live_queues_are(chain_broker, 1), seconds=15)
    event_id = shop.sell()
    eventually(lambda: ear.assert_heard(event_id))


def close_connections(broker: Broker) -> None:
    assert broker.close_connections("mail")


def test_broker_may_be_away(shop: Shop, chain_broker: Broker, start_listener: StartListener) -> None:
    """At the start and later: the process goes on, the listener tells of it, and hears when the broker is there."""
    tunnel = Tunnel(chain_broker.address)
    ear = start_listener(f"amqp://mail:{PASSWORD}@{tunnel.address}/quadrille")
    for beginnings in (1, 2):
        eventually(ear.assert_deaf)
        tunnel.open()
        eventually(lambda times=beginnings: ear.assert_listening(times))  # type: ignore[misc]
        event_id = shop.sell()
        eventually(lambda heard=event_id: ear.assert_heard(heard))  # type: ignore[misc]
        ear.heard.clear()
        tunnel.close()
    eventually(ear.assert_deaf)


def test_poison_and_mistakes_do_not_end_it(shop: Shop, start_listener: StartListener) -> None:
    """What is no event, and an event at which the handler fails, is counted and passed over."""
    ear = start_listener()
    eventually(ear.assert_listening)
    poisoned, failed = outcomes("poison"), outcomes("failed")
    shop.send(b"\xff")
    shop.send(b"{}", content_type="text/plain")
    shop.send(b"x", headers={"compression": "application/x-gzip"})
    shop.sell(mistake=True)
    event_id = shop.sell()
    eventually(lambda: ear.assert_heard(event_id))
    assert (outcomes("poison") - poisoned, outcomes("failed") - failed) == (3, 1)
    ear.assert_listening()


def outcomes(kind: str) -> float:
    samples = [sample for metric in REGISTRY.collect() for sample in metric.samples]
    return sum(
        each.value for each in samples if each.name == "events_heard_live_total" and each.labels.get("outcome") == kind
    )


@pytest.mark.parametrize(
    ("user", "interests", "refused"),
    [
        ("stock", LIVE, "configure access to queue 'mail.live."),
        ("mail", LiveInterests("mail", (("stock", "thing.stored"),)), "read access to exchange 'stock'"),
    ],
)
def test_only_what_the_catalogue_says_is_heard(
    chain_broker: Broker, start_listener: StartListener, user: str, interests: LiveInterests, refused: str
) -> None:
    """The broker refuses another service's names, and an exchange in which there is no live interest."""
    ear = start_listener(chain_broker.url(user), interests)
    eventually(lambda: refused_with(ear, refused))


def refused_with(ear: Ear, words: str) -> None:
    assert words in str(ear.listener.problem)


@pytest.fixture
def gevent_process(chain_broker: Broker) -> Iterator[subprocess.Popen[str]]:
    """A process with gevent's loop that listens."""
    command = [sys.executable, "-m", "tests.integration.chain.listener_process", chain_broker.url("mail")]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


def test_killed_process_leaves_no_queue(
    shop: Shop, chain_broker: Broker, gevent_process: subprocess.Popen[str]
) -> None:
    """It listens under gevent too, as a server of many sockets does; after SIGKILL its queue is gone."""
    assert gevent_process.stdout is not None
    read: Callable[[], str] = gevent_process.stdout.readline
    lines = iter(read, "")
    while next(lines).strip() != "listening":
        pass
    event_id = shop.sell()
    while next(lines).strip() != event_id:
        pass
    gevent_process.send_signal(signal.SIGKILL)
    eventually(lambda: live_queues_are(chain_broker, 0), seconds=15)
