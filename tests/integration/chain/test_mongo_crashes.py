"""Crashes at the worst moments with MongoDB as the store, and its relay's heirs.

There is no moment before the commit to crash at: a handler changes nothing before its one guarded write.
"""

import pytest

from chassis import failpoints
from chassis.storage.mongo_outbox import LEASE_SECONDS
from tests.integration.chain.conftest import StartWorker
from tests.integration.chain.ending import Ending
from tests.integration.chain.shop import THINGS, Shop
from tests.integration.chain.test_crashes import died
from tests.integration.chain.worker_process import WorkerProcess
from tests.polling import eventually


def sell_things(shop: Shop) -> None:
    """Two of each."""
    for thing in THINGS * 2:
        shop.sell(thing=thing)


@pytest.mark.parametrize("fail_point", [failpoints.AFTER_COMMIT, failpoints.AFTER_PUBLISH])
def test_crash_leaves_one_effect(shop: Shop, start_worker: StartWorker, fail_point: str, ending: Ending) -> None:
    """Between write and acknowledgement, between publish and removal: once each, and drained."""
    mail = start_worker("mail")
    doomed = start_worker("stock", fail_point, mongo=True)
    shop.spoil()
    sell_things(shop)
    eventually(lambda: died(doomed), seconds=30)
    heir = start_worker("stock", mongo=True)
    eventually(lambda: assert_dropped(heir, mail), seconds=20)
    ending.assert_reached(heir, mail, seconds=20)


def assert_dropped(*workers: WorkerProcess) -> None:
    """Something came to one of them that it had handled."""
    assert sum(worker.metric("events_consumed_total", outcome="duplicate") for worker in workers) > 0


def test_killed_relay_is_succeeded(shop: Shop, start_worker: StartWorker, ending: Ending) -> None:
    """The leader dies between publish and removal; the one that stood by waits for the lease to end, and goes on."""
    mail = start_worker("mail")
    doomed = start_worker("stock", failpoints.AFTER_PUBLISH, mongo=True)
    eventually(lambda: assert_leads(doomed), seconds=30)
    heir = start_worker("stock", mongo=True)
    assert heir.metric("relay_leading") == 0
    sell_things(shop)
    eventually(lambda: died(doomed))
    assert heir.count("outbox") > 0
    eventually(lambda: assert_leads(heir), seconds=LEASE_SECONDS + 3)
    eventually(lambda: assert_dropped(mail))
    ending.assert_reached(heir, mail, seconds=20)


def assert_leads(worker: WorkerProcess) -> None:
    assert worker.metric("relay_leading") == 1


def test_two_relays_at_once_lose_nothing(shop: Shop, start_worker: StartWorker, ending: Ending) -> None:
    """Should the lease ever fail, both publish what both have read; the subscriber's inbox drops the second."""
    pair = [start_worker("stock", usurps=True, mongo=True) for _ in range(2)]
    mail = start_worker("mail")
    with shop.selling(THINGS[:1]):  # one document: events come between reading and removal
        eventually(lambda: assert_effects_exceed(pair[0], 100), seconds=30)
        eventually(lambda: assert_published_twice(pair), seconds=30)
    eventually(lambda: assert_dropped(mail))
    ending.assert_reached(*pair, mail)


def assert_effects_exceed(worker: WorkerProcess, number: int) -> None:
    assert worker.count("effects") > number


def assert_published_twice(pair: list[WorkerProcess]) -> None:
    """Together they have sent more than there was."""
    assert [worker.metric("relay_leading") for worker in pair] == [1, 1]
    assert sum(worker.metric("events_published_total") for worker in pair) > pair[0].count("effects")
