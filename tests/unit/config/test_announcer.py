"""Each new commit is announced, whatever happens in between."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from chassis.messaging.publisher import BrokerUnavailable, Message
from config.announcer import Announcer
from config.git import GitRepository
from config.service import Configuration
from tests.unit.config.conftest import Commit

APPLICATIONS = ["orders", "users"]


class FakePublisher:
    """A broker that can be away."""

    def __init__(self) -> None:
        self.away = False
        self.events: list[dict[str, Any]] = []

    def publish(self, messages: Sequence[Message], timeout: float = 10) -> dict[str, str]:
        if self.away:
            raise BrokerUnavailable("away")
        self.events += [json.loads(message.body) for message in messages]
        return {}

    @property
    def announced(self) -> list[tuple[list[str], str]]:
        return [(event["data"]["applications"], event["data"]["commit"]) for event in self.events]


@pytest.fixture
def publisher() -> FakePublisher:
    return FakePublisher()


@pytest.fixture
def woken() -> list[bool]:
    return []


@pytest.fixture
def announcer(configuration: Configuration, publisher: FakePublisher, woken: list[bool]) -> Announcer:
    return Announcer(configuration, APPLICATIONS, publisher, lambda: woken.append(True))


def test_commit_is_announced_once(
    announcer: Announcer, publisher: FakePublisher, commit: Commit, repository: GitRepository, woken: list[bool]
) -> None:
    """With those whose settings changed; the first one is for all."""
    first = repository.resolve("main")
    announcer.step()
    second = commit(orders__yml=b"order_tries: 4\n")
    announcer.step()
    announcer.step()
    third = commit(application__yml=b"log_level: DEBUG\n", users__yml=b"access_token_lifetime: 1\n")
    announcer.step()
    assert publisher.announced == [(["application"], first), (["orders"], second), (["application", "users"], third)]
    assert [event["sequence"] for event in publisher.events] == [1, 2, 3]
    assert len(woken) == 3


def test_broker_that_was_away_is_told_later(
    announcer: Announcer, publisher: FakePublisher, commit: Commit, configuration: Configuration
) -> None:
    """Of everything that changed meanwhile, also after a restart."""
    announcer.step()
    publisher.away = True
    commit(orders__yml=b"a: 1\n")
    with pytest.raises(BrokerUnavailable):
        announcer.step()
    last = commit(users__yml=b"a: 1\n")
    publisher.away = False
    Announcer(configuration, APPLICATIONS, publisher, lambda: None).step()
    assert publisher.announced[1:] == [(["orders", "users"], last)]


def test_broken_commit_is_not_announced(announcer: Announcer, publisher: FakePublisher, commit: Commit) -> None:
    """What is served has not changed."""
    announcer.step()
    commit(orders__yml=b"\xff")
    announcer.step()
    assert len(publisher.events) == 1


def test_without_a_broker_nothing_waits(configuration: Configuration, woken: list[bool]) -> None:
    """The service itself follows all the same."""
    Announcer(configuration, APPLICATIONS, None, lambda: woken.append(True)).step()
    assert woken == [True]
