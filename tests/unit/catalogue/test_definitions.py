"""The generated definitions: queues that lose nothing, users that reach nothing of others."""

import re
from typing import Any

import pytest

from catalogue.definitions import definitions
from chassis.broadcast import LiveInterests
from chassis.messaging.events import Event
from chassis.messaging.subscriptions import Reading, Subscriptions


class Anything(Reading):
    """Reads no field."""


def handle(_parts: object, _reading: Anything, _event: Event) -> None:
    """Does nothing."""


@pytest.fixture
def made() -> dict[str, Any]:
    """Shop publishes; stock listens, and hears it live too; a screen does so only live."""
    stock = Subscriptions("stock")
    stock.on("shop", "thing.sold", Anything)(handle)
    stock.on("shop", "thing.added", Anything)(handle)
    live = LiveInterests("stock", (("shop", "thing.sold"), ("shop", "thing.added")))
    screen = LiveInterests("screen", (("shop", "thing.sold"),))
    return definitions(["shop"], [stock], [live, screen], unheard=[("shop", "thing.painted")])


def queue(made: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in made["queues"] if each["name"] == name)["arguments"]
    return found


def test_every_queue_is_a_durable_quorum_queue(made: dict[str, Any]) -> None:
    """Nothing waits in memory alone."""
    assert {(each["durable"], each["arguments"]["x-queue-type"]) for each in made["queues"]} == {(True, "quorum")}


def test_what_nobody_is_to_hear_is_not_unroutable(made: dict[str, Any]) -> None:
    """It has a queue of its own, which keeps the newest; nothing else comes there."""
    bound = [(each["source"], each["routing_key"]) for each in made["bindings"] if each["destination"] == "unheard"]
    assert bound == [("shop", "thing.painted")]
    assert (queue(made, "unheard")["x-max-length"], queue(made, "unheard")["x-overflow"]) == (10_000, "drop-head")


def test_rejected_events_go_round_privately(made: dict[str, Any]) -> None:
    """A retry leaves and enters the one queue; it never touches the topic exchange that all hear."""
    assert queue(made, "stock.shop")["x-dead-letter-exchange"] == "stock.retry"
    assert queue(made, "stock.shop.retry")["x-dead-letter-exchange"] == ""
    assert queue(made, "stock.shop.retry")["x-dead-letter-routing-key"] == "stock.shop"


def test_dead_lettering_is_at_least_once(made: dict[str, Any]) -> None:
    """RabbitMQ's default strategy may lose what it moves."""
    for each in made["queues"]:
        if "x-dead-letter-exchange" in each["arguments"]:
            assert each["arguments"]["x-dead-letter-strategy"] == "at-least-once"
            assert each["arguments"]["x-overflow"] == "reject-publish"


def test_bindings_name_each_type(made: dict[str, Any]) -> None:
    """A queue gets exactly the types that have a handler."""
    bound = [each for each in made["bindings"] if (each["source"], each["destination"]) == ("shop", "stock.shop")]
    assert [each["routing_key"] for each in bound] == ["thing.added", "thing.sold"]


def test_who_has_no_worker_has_no_queue(made: dict[str, Any]) -> None:
    """Nobody would ever take what comes into it."""
    named = [each["name"] for kind in ("exchanges", "queues") for each in made[kind]]
    assert [name for name in named if name.startswith("shop")] == ["shop"]
    assert {"stock.tasks", "stock.tasks.dead"} <= set(named)


def test_unroutable_events_are_kept(made: dict[str, Any]) -> None:
    """An event that nobody listens to lands in the alternate exchange's queue."""
    shop = next(each for each in made["exchanges"] if each["name"] == "shop")
    assert shop["arguments"] == {"alternate-exchange": "unroutable"}


@pytest.mark.parametrize(
    ("user", "kind", "name", "allowed"),
    [
        ("shop", "write", "shop", True),
        ("shop", "write", "shop.tasks", False),
        ("stock", "write", "stock.tasks", True),
        ("shop", "write", "stock", False),
        ("shop", "write", "stock.retry", False),
        ("shop", "write", "amq.default", False),
        ("shop", "write", "shopping", False),
        ("stock", "read", "stock.shop", True),
        ("shop", "read", "stock.shop", False),
        ("stock", "configure", "stock.live.1f", True),
        ("stock", "configure", "stock.shop", False),
        ("stock", "configure", "shop.live.1f", False),
        ("stock", "read", "shop", True),
        ("stock", "read", "shop.tasks", False),
        ("shop", "configure", "shop.live.1f", False),
        ("shop", "read", "shop", False),
        ("screen", "write", "screen.live.1f", True),
        ("screen", "read", "shop", True),
        ("screen", "read", "stock.shop", False),
        ("screen", "write", "screen", False),
        ("stock", "configure", "celeryev", True),
        ("shop", "configure", "celeryev", False),
        ("shop", "configure", "shop", False),
        ("flower", "read", "stock.shop", False),
        ("flower", "write", "shop", False),
        ("monitoring", "read", "shop", False),
        ("scheduler", "write", "stock.tasks", True),
        ("scheduler", "write", "shop.tasks", False),
        ("scheduler", "write", "stock", False),
        ("scheduler", "write", "stock.tasks.dead", False),
        ("scheduler", "read", "stock.tasks", False),
        ("scheduler", "configure", "stock.tasks", False),
        ("operator", "write", "stock.replay", True),
        ("operator", "write", "shop", False),
        ("operator", "read", "stock.shop.dead", True),
    ],
)
def test_rights_are_least(made: dict[str, Any], user: str, kind: str, name: str, *, allowed: bool) -> None:
    """Each user may do what its part does, and nothing else."""
    rights = next(each for each in made["permissions"] if each["user"] == user)
    assert bool(re.search(rights[kind], name)) is allowed


def test_no_password_is_in_the_definitions(made: dict[str, Any]) -> None:
    """They are committed; the hashes come in when the broker starts."""
    assert {each["password_hash"] for each in made["users"]} == {""}
