"""A change reaches every process within seconds, by the broker or without one."""

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from pydantic import AmqpDsn, HttpUrl, SecretStr

from catalogue.definitions import definitions
from chassis.configuration.following import Following, configuration_interests
from chassis.configuration.reach import ConfigurationReach
from chassis.configuration.start import obtain
from chassis.messaging.publisher import Publisher
from config.announcer import Announcer
from config.changes import Changes, Wish
from config.service import Configuration
from tests.integration.config.conftest import PASSWORD as ORDERS_PASSWORD
from tests.integration.servers import Broker
from tests.polling import eventually
from workers.orders.settings import OrdersWorkerSettings

FOLLOWS_SECONDS = 5
NEVER = 3600.0
ME = Wish("a tester")


@pytest.fixture
def config_broker(broker: Broker) -> Broker:
    """With the rights and exchanges of this system's definitions."""
    template = definitions(["config", "orders"], [], [configuration_interests("orders")])
    broker.define(template, ["config", "orders"])
    return broker


@pytest.fixture
def announcer(configuration: Configuration, config_broker: Broker) -> Iterator[Announcer]:
    """Announces as the service does."""
    publisher = Publisher(config_broker.url("config"), "announcer")
    announcer = Announcer(configuration, ["orders", "users"], publisher, lambda: None)
    publisher.start()
    announcer.start()
    yield announcer
    announcer.stop()
    publisher.stop()


class Replica:
    """A process of orders: its settings, and what keeps them at the newest commit."""

    def __init__(self, reach: ConfigurationReach) -> None:
        given, origin = obtain(reach)
        self.settings = OrdersWorkerSettings(
            consul_http_token=SecretStr("x"), mongo_url=SecretStr("x"), broker_url=AmqpDsn("amqp://nowhere"),
        )  # fmt: skip
        self.settings.live.begin(None, origin, {})
        if given is not None:
            self.settings.live.offer(given)
        self.following = Following(self.settings, reach)
        self.following.start()

    def assert_follows(self, commit: str, tries: int) -> None:
        """It runs the commit, with the value of it."""
        live = self.settings.live
        assert (live.commit, live.current.order_tries) == (commit, tries)


def all_follow(replicas: list[Replica], commit: str, tries: int) -> None:
    for replica in replicas:
        replica.assert_follows(commit, tries)


@pytest.fixture
def start(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Replica]]:
    """Makes replicas that share a volume, and stops them at the end."""
    for name, value in (("CONSUL_HTTP_TOKEN", "x"), ("MONGO_URL", "x"), ("BROKER_URL", "amqp://nowhere")):
        monkeypatch.setenv(name, value)
    made: list[Replica] = []

    class Started(Replica):
        def __init__(self, broker_url: str | None, poll_seconds: float) -> None:
            reach = ConfigurationReach(
                config_url=HttpUrl(url),
                config_application="orders",
                config_password=SecretStr(ORDERS_PASSWORD),
                config_copies=tmp_path,
                config_poll_seconds=poll_seconds,
                broker_url=AmqpDsn(broker_url) if broker_url else None,
            )
            super().__init__(reach)
            made.append(self)

    yield Started
    for replica in made:
        replica.following.stop()


def test_all_replicas_follow_an_announcement(
    start: type, announcer: Announcer, changes: Changes, config_broker: Broker
) -> None:
    """Those who would ask by themselves in an hour know it within seconds, and write it to their copy."""
    replicas = [start(config_broker.url("orders"), NEVER) for _ in range(3)]
    for tries in (7, 8):
        made = changes.change("orders", None, {"order_tries": tries}, ME)
        eventually(partial(all_follow, replicas, made.id, tries), seconds=FOLLOWS_SECONDS)


def test_change_during_an_outage_of_the_broker_is_caught_up(
    start: type, announcer: Announcer, changes: Changes, config_broker: Broker
) -> None:
    """Nobody heard of it, but the commit is the truth: who listens again asks."""
    replica = start(config_broker.url("orders"), NEVER)
    config_broker.container.get_wrapped_container().restart(timeout=5)
    made = changes.change("orders", None, {"order_tries": 6}, ME)
    eventually(lambda: replica.assert_follows(made.id, 6), seconds=90)


def test_without_a_broker_processes_ask(start: type, changes: Changes) -> None:
    """Every now and then; here every half second."""
    replica = start(None, 0.5)
    made = changes.change("orders", None, {"order_tries": 5}, ME)
    eventually(lambda: replica.assert_follows(made.id, 5), seconds=FOLLOWS_SECONDS)


def test_environment_is_not_touched(start: type, changes: Changes, monkeypatch: pytest.MonkeyPatch) -> None:
    """What an operator has fixed there stays, whatever is committed."""
    monkeypatch.setitem(os.environ, "ORDER_TRIES", "2")
    replica = start(None, 0.5)
    made = changes.change("orders", None, {"order_tries": 5}, ME)
    eventually(lambda: replica.assert_follows(made.id, 2), seconds=FOLLOWS_SECONDS)
