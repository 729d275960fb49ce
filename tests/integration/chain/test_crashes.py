"""Crashes at the worst moments: fail-points kill the worker; the next one brings every event to its one effect."""

import signal
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pika
import pytest

from chassis import failpoints
from chassis.messaging.handling import MOST_LOSSES
from tests.integration.chain.conftest import StartWorker
from tests.integration.chain.ending import Ending
from tests.integration.chain.shop import Shop
from tests.integration.chain.test_chain import assert_drained, assert_effects, queue_holds
from tests.integration.chain.worker_process import WorkerProcess
from tests.integration.servers import Broker
from tests.polling import eventually


def died(worker: WorkerProcess) -> None:
    assert worker.process.poll() == -signal.SIGKILL


@pytest.mark.parametrize("fail_point", [failpoints.BEFORE_COMMIT, failpoints.AFTER_COMMIT, failpoints.AFTER_PUBLISH])
def test_crash_leaves_one_effect(shop: Shop, start_worker: StartWorker, fail_point: str, ending: Ending) -> None:
    """Before the commit, between commit and acknowledgement, between publish and removal: once each, and drained."""
    shop.spoil()
    mail = start_worker("mail")
    doomed = start_worker("stock", fail_point)
    for _ in range(5):
        shop.sell()
    eventually(lambda: died(doomed), seconds=30)
    heir = start_worker("stock")
    ending.assert_reached(heir, mail, seconds=20)


def test_event_that_ends_its_workers_is_put_aside(
    shop: Shop,
    start_worker: StartWorker,
    chain_broker: Broker,
    dead_letters: Callable[[str], list[SimpleNamespace]],
    ending: Ending,
) -> None:
    """Whoever takes it dies. The broker's own limit would lose it then; the worker counts, and keeps it."""
    event_id = shop.sell()
    while take_and_die(chain_broker, "stock.shop").get("x-delivery-count", 0) < MOST_LOSSES:
        pass
    stock = start_worker("stock")
    eventually(lambda: queue_holds(chain_broker, "stock.shop.dead", 1))
    ending.assert_reached(stock, aside=[event_id])
    assert "came back 21 times unsettled" in dead_letters("stock.shop")[0].headers["x-failure-reason"]
    assert stock.count("attempts") == 0


def take_and_die(broker: Broker, queue: str) -> dict[str, Any]:
    """Takes a message, acknowledges nothing, and is gone; returns the message's headers."""
    with pika.BlockingConnection(pika.URLParameters(broker.url("stock"))) as connection:
        channel = connection.channel()
        taken: list[dict[str, Any]] = []

        def take() -> None:
            method, properties, _ = channel.basic_get(queue)
            assert method is not None
            taken.append(properties.headers or {})

        eventually(take, interval=0.02)
        return taken[0]


def test_two_relays_at_once_publish_each_event_once(shop: Shop, start_worker: StartWorker, ending: Ending) -> None:
    """Should the lease ever fail, the rows' locks still keep two leaders apart."""
    pair = [start_worker("stock", usurps=True), start_worker("stock", usurps=True)]
    mail = start_worker("mail")
    for _ in range(100):
        shop.sell()
    eventually(lambda: assert_effects(pair[0], 100), seconds=30)
    eventually(lambda: assert_drained(pair[0]), seconds=20)
    eventually(lambda: assert_effects(mail, 200), seconds=30)
    assert [worker.metric("relay_leading") for worker in pair] == [1, 1]
    assert sum(worker.metric("events_published_total") for worker in pair) == 100
    ending.assert_reached(*pair, mail)


def test_sigterm_finishes_what_runs(shop: Shop, start_worker: StartWorker, ending: Ending) -> None:
    """A warm shutdown lets running handlers commit and gives back the rest; nothing is lost."""
    stock = start_worker("stock")
    for _ in range(40):
        shop.sell(seconds=0.3)
    eventually(lambda: some_done(stock))
    assert stock.stop(signal.SIGTERM) == 0
    done = stock.count("effects")
    assert stock.count("attempts") == done
    heir = start_worker("stock")
    ending.assert_reached(heir)
    assert '"relay_died"' not in heir.log.read_text()


def some_done(worker: WorkerProcess) -> None:
    assert 0 < worker.count("effects") < 40


def test_shuffled_duplicates_have_one_effect_each(shop: Shop, start_worker: StartWorker, ending: Ending) -> None:
    """Two workers, every event five times in any order: the inbox lets each through once."""
    first, second = start_worker("stock"), start_worker("stock")
    shop.send_shuffled(events=20, copies=5)
    eventually(lambda: attempts_are(first, 100), seconds=30)
    eventually(lambda: assert_effects(second, 20))
    assert first.count("inbox") == 20
    handled = [worker.metric("events_consumed_total", outcome="duplicate") for worker in (first, second)]
    assert sum(handled) == 80
    ending.assert_reached(first, second)


def attempts_are(worker: WorkerProcess, expected: int) -> None:
    assert worker.count("attempts") == expected
