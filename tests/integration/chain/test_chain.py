"""The chain on real servers: every event has its effect once, whatever happens to messages and workers."""

import signal
from collections.abc import Callable
from types import SimpleNamespace

from chassis.messaging.events import encode, publication
from tests.integration.chain.conftest import StartWorker
from tests.integration.chain.ending import Ending
from tests.integration.chain.shop import Shop, ThingSold
from tests.integration.chain.worker_process import WorkerProcess
from tests.integration.servers import Broker
from tests.polling import eventually

Take = Callable[[str], list[SimpleNamespace]]


def assert_effects(worker: WorkerProcess, expected: int) -> None:
    assert worker.count("effects") == expected


def assert_drained(worker: WorkerProcess) -> None:
    assert worker.count("outbox") == 0


def test_event_has_its_effect_and_its_own_event_leaves(shop: Shop, start_worker: StartWorker) -> None:
    """From one service's exchange through handler, outbox and relay into the next service."""
    stock, mail = start_worker("stock"), start_worker("mail")
    event_id = shop.sell()
    eventually(lambda: assert_effects(stock, 1))
    eventually(lambda: assert_effects(mail, 2))  # the shop's event and the stock's
    eventually(lambda: assert_drained(stock))
    assert stock.count("effects", event_id) == 1


def test_duplicates_have_one_effect(shop: Shop, start_worker: StartWorker) -> None:
    """The inbox lets one of five copies through, though eight threads work on them."""
    stock = start_worker("stock")
    event = publication(ThingSold(thing="chair"), source="shop", subject="c", sequence=1, correlation=None, cause=None)
    shop.send(encode(event).encode(), times=5)
    eventually(lambda: count_is(stock, "attempts", 5))
    assert stock.count("effects") == 1


def count_is(worker: WorkerProcess, table: str, expected: int) -> None:
    assert worker.count(table) == expected


def test_transient_failure_stays_private(shop: Shop, start_worker: StartWorker) -> None:
    """Stock fails through its quick attempts and one round; mail, which did well, hears nothing of it."""
    mail = start_worker("mail")
    eventually(lambda: assert_effects(mail, 0))
    stock = start_worker("stock")
    event_id = shop.sell(fail_times=4)
    eventually(lambda: count_is(stock, "effects", 1))
    assert stock.count("attempts", event_id) == 5
    assert mail.count("attempts", event_id) == 1


def test_hopeless_event_ends_as_dead_letter(
    shop: Shop, start_worker: StartWorker, chain_broker: Broker, dead_letters: Take
) -> None:
    """Two rounds of three attempts after the first three; then the letter tells why."""
    stock = start_worker("stock")
    shop.sell(fail_times=1000)
    eventually(lambda: queue_holds(chain_broker, "stock.shop.dead", 1), seconds=20)
    assert stock.count("attempts") == 9
    assert dead_letters("stock.shop")[0].headers["x-failure-reason"].startswith("still failing after 2 rounds")


def queue_holds(broker: Broker, queue: str, expected: int) -> None:
    assert broker.messages(queue) == expected


def test_poison_is_put_aside_and_the_worker_lives(
    shop: Shop, start_worker: StartWorker, chain_broker: Broker, dead_letters: Take
) -> None:
    """What is no event goes to the dead letters byte for byte; the next good event is handled."""
    stock = start_worker("stock")
    shop.send(b"\xff not json")
    shop.send(b"{}", content_type="application/x-python-serialize", headers={"task": "chassis.poison"})
    shop.send(b"packed", headers={"compression": "application/x-gzip"})
    eventually(lambda: queue_holds(chain_broker, "stock.shop.dead", 3))
    shop.sell()
    eventually(lambda: assert_effects(stock, 1))
    assert {letter.body for letter in dead_letters("stock.shop")} == {b"\xff not json", b"{}", b"packed"}


def test_killed_worker_loses_nothing(shop: Shop, start_worker: StartWorker, ending: Ending) -> None:
    """SIGKILL amid the work: the unacknowledged messages come back to the next worker, each with one effect."""
    first = start_worker("stock")
    for _ in range(30):
        shop.sell(seconds=0.2)
    eventually(lambda: some_effects(first))
    first.stop(signal.SIGKILL)
    second = start_worker("stock")
    ending.assert_reached(second)


def some_effects(worker: WorkerProcess) -> None:
    assert 0 < worker.count("effects") < 30


def test_second_relay_stands_by_and_takes_over(shop: Shop, start_worker: StartWorker, ending: Ending) -> None:
    """Two workers of a service share the handlers; one relays; when it is killed the other does."""
    first, second = start_worker("stock"), start_worker("stock")
    shop.sell()
    eventually(lambda: assert_drained(first))
    first.stop(signal.SIGKILL)
    shop.sell()
    ending.assert_reached(second, seconds=10)


def test_worker_adds_nothing_to_the_topology(shop: Shop, start_worker: StartWorker, chain_broker: Broker) -> None:
    """Celery's delayed delivery would add dozens of exchanges, queues and a binding to the topic exchange itself."""
    before = topology(chain_broker)
    stock = start_worker("stock")
    shop.sell(fail_times=1)
    eventually(lambda: assert_effects(stock, 1))
    assert topology(chain_broker) == before
    stock.stop()


def topology(broker: Broker) -> dict[str, set[str]]:
    """What is declared, without the event stream that workers and Flower declare for themselves."""
    kinds = {"exchanges": "name", "queues": "name", "bindings": "routing_key"}
    found = {kind: broker.call("GET", f"/{kind}/quadrille").json() for kind in kinds}
    return {
        kind: {f"{each.get('source', '')} {each[key]}" for each in found[kind] if "celeryev" not in each[key]}
        for kind, key in kinds.items()
    }
