"""The operators' tool for dead letters, as a process, on the real broker."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from chassis.dead_letters import DeadLetters
from chassis.messaging import connection
from tests.integration.chain.conftest import Shop, StartWorker, WorkerProcess
from tests.integration.chain.test_chain import assert_effects, queue_holds
from tests.integration.servers import PASSWORD, Broker
from tests.polling import eventually

ROOT = Path(__file__).parents[3]
QUEUE = "stock.shop"


class Tool:
    """`dead-letters` with the rights of the user `operator`."""

    def __init__(self, broker: Broker) -> None:
        self._environment = {
            "PATH": os.environ["PATH"],
            "BROKER_URL": broker.url("operator"),
            "RABBITMQ_OPERATOR_PASSWORD": PASSWORD,
            "RABBITMQ_MANAGEMENT_URL": broker.management,
        }

    def run(self, *arguments: str, status: int = 0) -> str:
        command = [sys.executable, "-m", "chassis.operator", "dead-letters", *arguments]
        done = subprocess.run(
            command, cwd=ROOT, env=self._environment, capture_output=True, text=True, check=False, input=""
        )
        assert done.returncode == status, done.stderr
        return done.stdout

    def show(self) -> list[dict[str, Any]]:
        letters: list[dict[str, Any]] = json.loads(self.run("show", QUEUE, "--json"))
        return letters


@pytest.fixture
def tool(chain_broker: Broker) -> Tool:
    return Tool(chain_broker)


@pytest.fixture
def stock(start_worker: StartWorker) -> WorkerProcess:
    return start_worker("stock")


def letters_are(broker: Broker, expected: int) -> None:
    queue_holds(broker, f"{QUEUE}.dead", expected)


def test_letters_are_listed_and_shown(tool: Tool, shop: Shop, stock: WorkerProcess, chain_broker: Broker) -> None:
    """Count, reason, attempts, times, trace and event; looking takes nothing away."""
    event_id = shop.sell(mistake=True)
    eventually(lambda: letters_are(chain_broker, 1))
    listed = {row["queue"]: row["count"] for row in json.loads(tool.run("list", "--json"))}
    letter = tool.show()[0]
    assert listed[QUEUE] == 1
    assert (letter["id"], letter["type"], letter["attempts"]) == (event_id, "thing.sold", 1)
    assert letter["reason"] == "ZeroDivisionError: a mistake in the handler"
    assert letter["first_failure"] == letter["last_failure"]
    assert letter["event"]["data"]["thing"] == "chair"
    assert tool.run("show", QUEUE).startswith("id")
    letters_are(chain_broker, 1)


def test_replay_returns_to_the_one_queue(tool: Tool, shop: Shop, stock: WorkerProcess, chain_broker: Broker) -> None:
    """One by its id: it fails again and comes back with its history; others stay where they are."""
    first, second = shop.sell(mistake=True), shop.sell(mistake=True)
    eventually(lambda: letters_are(chain_broker, 2))
    before = {letter["id"]: letter for letter in tool.show()}
    assert json.loads(tool.run("show", QUEUE, "--id", second, "--limit", "1", "--json")) == [before[second]]
    mail_before = chain_broker.messages("mail.shop")
    assert json.loads(tool.run("replay", QUEUE, "--id", first, "--yes", "--json")) == {"queue": QUEUE, "replayed": 1}
    eventually(lambda: attempts_of(tool, first, 2))
    after = {letter["id"]: letter for letter in tool.show()}
    assert after[first]["first_failure"] == before[first]["first_failure"]
    assert after[first]["last_failure"] > before[first]["last_failure"]
    assert after[second] == before[second]
    assert chain_broker.messages("mail.shop") == mail_before


def attempts_of(tool: Tool, event_id: str, expected: int) -> None:
    assert {letter["id"]: letter["attempts"] for letter in tool.show()}[event_id] == expected


def test_replayed_event_succeeds_once(tool: Tool, shop: Shop, stock: WorkerProcess, chain_broker: Broker) -> None:
    """When the cause is gone, a replay of all brings each effect; a second replay finds nothing."""
    shop.sell(fail_times=9)  # as often as two rounds of three attempts after the first three
    eventually(lambda: letters_are(chain_broker, 1), seconds=20)
    tool.run("replay", QUEUE, "--type", "thing.sold", "--yes", "--rate", "100")
    eventually(lambda: assert_effects(stock, 1))
    tool.run("replay", QUEUE, "--all", "--yes", status=1)


def test_letter_without_history_can_be_replayed(
    tool: Tool, stock: WorkerProcess, shop: Shop, chain_broker: Broker
) -> None:
    """What somebody put there by hand has no failure headers, and goes back all the same."""
    body = json.dumps({"no": "event"})
    chain_broker.publish("stock.dead", QUEUE, body)
    eventually(lambda: letters_are(chain_broker, 1))
    assert tool.show()[0]["reason"] is None
    tool.run("replay", QUEUE, "--all", "--yes")
    eventually(lambda: reason_is_known(tool))


def test_slow_replay_outlasts_the_heartbeats(
    shop: Shop, stock: WorkerProcess, chain_broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pause of several of them between two letters, and the broker does not take the operator for dead."""
    shop.sell(mistake=True)
    shop.sell(mistake=True)
    eventually(lambda: letters_are(chain_broker, 2))
    monkeypatch.setattr(connection, "HEARTBEAT_SECONDS", 1)
    assert DeadLetters(chain_broker.url("operator")).replay(QUEUE, lambda _letter: True, rate=1 / 6) == 2


def reason_is_known(tool: Tool) -> None:
    assert tool.show()[0]["reason"]


def test_purge_asks_and_removes(tool: Tool, shop: Shop, stock: WorkerProcess, chain_broker: Broker) -> None:
    """Without an answer nothing happens; with --yes the letters are gone for good."""
    shop.sell(mistake=True)
    eventually(lambda: letters_are(chain_broker, 1))
    tool.run("purge", QUEUE, "--all", status=1)
    letters_are(chain_broker, 1)
    tool.run("purge", QUEUE, "--all", "--yes")
    letters_are(chain_broker, 0)


@pytest.mark.parametrize(
    "arguments", [("show", "nowhere"), ("replay", QUEUE), ("purge", QUEUE, "--yes"), ("explode",), ("list", "--nope")]
)
def test_wrong_usage_ends_with_two(tool: Tool, arguments: tuple[str, ...]) -> None:
    """Unknown queue, no selection, unknown command or option."""
    tool.run(*arguments, status=2)
