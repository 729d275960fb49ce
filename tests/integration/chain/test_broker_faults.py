"""A broker that dies, freezes, hangs up, or is full: events wait and lose nothing."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from chassis.identifiers import new_id
from chassis.messaging.publisher import Message, Publisher
from tests.freezing import freeze
from tests.integration.chain.conftest import StartWorker
from tests.integration.chain.ending import Ending
from tests.integration.chain.shop import Shop
from tests.integration.chain.test_chain import assert_drained, assert_effects, queue_holds
from tests.integration.chain.test_crashes import attempts_are
from tests.integration.chain.worker_process import WorkerProcess
from tests.integration.servers import Broker
from tests.polling import eventually

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


def test_killed_broker_loses_nothing(
    shop: Shop, start_worker: StartWorker, chain_broker: Broker, ending: Ending
) -> None:
    """SIGKILL of the server amid the work; it comes back with its quorum queues, and everything ends once."""
    stock, mail = start_worker("stock"), start_worker("mail")
    shop.spoil()
    server = chain_broker.container.get_wrapped_container()
    with shop.selling(seconds=0.2):
        eventually(lambda: assert_amid_work(stock, 20), interval=0.02)
        server.kill("SIGKILL")
        server.start()
        eventually(lambda: chain_broker.call("GET", "/health/checks/port-listener/5672"), seconds=60)
        eventually(lambda: consumers_are(chain_broker, "stock.shop", 1), seconds=10)
    eventually(lambda: assert_redelivered(stock), seconds=20)
    ending.assert_reached(stock, mail)


def assert_amid_work(worker: WorkerProcess, least: int) -> None:
    """It has done so much, and its handlers are at more right now."""
    assert worker.count("effects") >= least
    assert worker.count("unfinished") > 0


def assert_redelivered(worker: WorkerProcess) -> None:
    """What its handlers were at, they committed and could not acknowledge."""
    assert worker.metric("events_consumed_total", outcome="duplicate") > 0


def consumers_are(broker: Broker, queue: str, expected: int) -> None:
    assert broker.consumers(queue) == expected


def test_closed_connections_lose_nothing(
    shop: Shop, start_worker: StartWorker, chain_broker: Broker, ending: Ending
) -> None:
    """An operator closes every connection, twice, while events flow."""
    stock, mail = start_worker("stock"), start_worker("mail")
    shop.spoil()
    with shop.selling(seconds=0.2):
        for least in (20, 40):
            eventually(lambda least=least: assert_amid_work(stock, least), interval=0.02)  # type: ignore[misc]
            eventually(lambda: close_connections(chain_broker), seconds=15)
    eventually(lambda: assert_redelivered(stock), seconds=20)
    ending.assert_reached(stock, mail)


def close_connections(broker: Broker) -> None:
    """All; the workers' were among them."""
    assert min(broker.close_connections(user) for user in ("stock", "mail")) > 0
    broker.close_connections()


def test_frozen_broker_is_noticed_and_survived(
    shop: Shop, start_worker: StartWorker, chain_broker: Broker, ending: Ending
) -> None:
    """Half-open connections for 30 s: readiness says so within the heartbeats, and afterwards the work goes on."""
    stock, mail = start_worker("stock"), start_worker("mail")
    shop.spoil()
    server = chain_broker.container.get_wrapped_container()
    with shop.selling(seconds=0.2):
        eventually(lambda: assert_amid_work(stock, 20), interval=0.02)
        frozen_at = time.monotonic()
        freeze(server.pause)
        try:
            eventually(lambda: not_ready(stock), seconds=60)
            assert stock.count("outbox") > 0  # what the handlers were at when it froze
            eventually(lambda: seconds_have_passed(frozen_at, 30), seconds=31)
        finally:
            server.unpause()
    eventually(stock.assert_ready, seconds=60)
    ending.assert_reached(stock, mail, seconds=90)


def seconds_have_passed(start: float, seconds: float) -> None:
    assert time.monotonic() - start >= seconds


def not_ready(worker: WorkerProcess) -> None:
    assert worker.ask("/health/ready")[0] == 503


@contextmanager
def memory_alarm(broker: Broker) -> Iterator[None]:
    """The broker believes that it has no memory left."""
    limit = ["rabbitmqctl", "set_vm_memory_high_watermark"]
    server = broker.container.get_wrapped_container()
    assert server.exec_run([*limit, "0.00001"]).exit_code == 0
    try:
        yield
    finally:
        assert server.exec_run([*limit, "0.6"]).exit_code == 0


def test_memory_alarm_stops_publishing_not_the_service(
    shop: Shop, start_worker: StartWorker, chain_broker: Broker, ending: Ending
) -> None:
    """Handlers go on and fill the outbox; readiness names the alarm; afterwards the events leave."""
    stock = start_worker("stock")
    for _ in range(3):
        shop.sell(seconds=10)  # longer than the alarm takes to be raised
    eventually(lambda: attempts_are(stock, 3))
    with memory_alarm(chain_broker):
        eventually(lambda: assert_effects(stock, 3), seconds=30)
        eventually(lambda: not_ready(stock), seconds=20)
        assert stock.count("outbox") == 3
    eventually(lambda: assert_drained(stock), seconds=30)
    eventually(stock.assert_ready, seconds=30)
    ending.assert_reached(stock)


def test_unroutable_event_is_kept(shop: Shop, start_worker: StartWorker, chain_broker: Broker, ending: Ending) -> None:
    """Without a binding the alternate exchange keeps the event for operators."""
    binding = "/bindings/quadrille/e/stock/q/mail.stock"
    chain_broker.call("DELETE", f"{binding}/thing.stored")
    try:
        stock = start_worker("stock")
        shop.sell()
        ending.assert_reached(stock)
        eventually(lambda: queue_holds(chain_broker, "unroutable", 1))
    finally:
        chain_broker.call("POST", binding, {"routing_key": "thing.stored"})


def test_returned_message_is_refused(chain_broker: Broker) -> None:
    """Mandatory: what no queue takes comes back with the reason, although the broker confirms it too."""
    publisher = Publisher(chain_broker.url("stock"), "test")
    publisher.start()
    try:
        eventually(lambda: connected(publisher))
        lost = Message(str(new_id()), "stock.replay", "nowhere", b"{}", "application/json")
        good = Message(str(new_id()), "stock.dead", "stock.shop", b"{}", "application/json")
        assert publisher.publish([lost, good]) == {lost.id: "returned: 312 NO_ROUTE"}
    finally:
        publisher.stop()


def test_message_refused_by_the_broker_stays(chain_broker: Broker) -> None:
    """A nack, here of a queue that is full and told to say so: the second message is not taken."""
    full = "/queues/quadrille/full"
    arguments = {"x-max-length": 1, "x-overflow": "reject-publish"}
    chain_broker.call("PUT", full, {"durable": True, "arguments": arguments})
    chain_broker.call("POST", "/bindings/quadrille/e/stock/q/full", {"routing_key": "thing.full"})
    publisher = Publisher(chain_broker.url("stock"), "test")
    publisher.start()
    try:
        eventually(lambda: connected(publisher))
        first, second = (Message(str(new_id()), "stock", "thing.full", b"{}", "application/json") for _ in range(2))
        assert publisher.publish([first]) == {}
        assert publisher.publish([second]) == {second.id: "refused by the broker (nack)"}
    finally:
        publisher.stop()
        chain_broker.call("DELETE", full)


def connected(publisher: Publisher) -> None:
    assert publisher.problem is None
