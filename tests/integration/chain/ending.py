"""How every fault has to end: each event has its effect once, and nothing is left anywhere but the poison."""

import signal
from collections.abc import Collection

import pika

from chassis.messaging.connection import Channel
from tests.integration.chain.shop import Shop
from tests.integration.chain.worker_process import WorkerProcess
from tests.integration.servers import Broker
from tests.polling import eventually


class Ending:
    """Compares what the shop sent with what has become of it."""

    def __init__(self, broker: Broker, shop: Shop) -> None:
        self._broker = broker
        self._shop = shop

    def assert_reached(self, *workers: WorkerProcess, aside: Collection[str] = (), seconds: float = 60) -> None:
        """Waits for it, stops the workers, and looks again: then nothing more can come.

        What a stopped worker held unacknowledged is back in its queue and would be found there. The events `aside`
        are expected among the dead letters, instead of an effect.
        """
        eventually(lambda: self._assert_ended(workers, aside), seconds=seconds)
        for worker in workers:
            worker.process.send_signal(signal.SIGTERM)
        assert [worker.process.wait(30) for worker in workers] == [0] * len(workers)
        self._assert_ended(workers, aside)

    def _assert_ended(self, workers: Collection[WorkerProcess], aside: Collection[str]) -> None:
        sold = set(self._shop.sold) - set(aside)
        for worker in workers:
            effects, waiting = worker.store.effects(), worker.count("outbox")
            own = [effect for effect in effects if effect in sold]
            caused = [effect for effect in effects if effect not in sold]  # mail hears of each from stock, too
            said = (
                f"{worker.service}: {len(own)} + {len(caused)} effects of {len(sold)} events, {waiting} in the outbox"
            )
            assert sorted(own) == sorted(sold), said
            assert len(caused) == len(set(caused)) == (len(sold) if worker.service == "mail" else 0), said
            assert waiting == 0, said
        services, letters = {worker.service for worker in workers}, {*self._shop.spoiled, *aside}
        left = self._left(services)
        assert left == ({f"{service}.shop.dead": letters for service in services} if letters else {}), left

    def _left(self, services: Collection[str]) -> dict[str, set[str]]:
        """What lies in the services' queues. A letter may be there twice, if the fault came amid putting it aside."""
        with pika.BlockingConnection(pika.URLParameters(self._broker.administrator_url)) as connection:
            channel = connection.channel()
            names = [each["name"] for each in self._broker.call("GET", "/queues/quadrille").json()]
            mine = [name for name in names if name.split(".")[0] in services]
            waiting = {name: channel.queue_declare(name, passive=True).method.message_count for name in mine}
            return {name: _letters(channel, name, number) for name, number in waiting.items() if number}


def _letters(channel: Channel, queue: str, number: int) -> set[str]:
    """The letters' ids, which stay there; of another queue, whose messages are to be handled, only how many wait."""
    if not queue.endswith(".dead"):
        return {f"{number} messages"}
    taken = (channel.basic_get(queue) for _ in range(number))
    return {properties.message_id for _, properties, _ in taken}
