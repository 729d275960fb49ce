"""The operators' tool for dead letters, as a process, on the real broker."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from celery import Celery

from chassis.dead_letters import DeadLetters
from chassis.messaging import connection
from chassis.tasks.commands import TaskSender
from tests.integration.chain.conftest import StartWorker
from tests.integration.chain.shop import Shop
from tests.integration.chain.test_chain import assert_effects, queue_holds
from tests.integration.chain.worker_app import MISTAKE
from tests.integration.chain.worker_process import WorkerProcess
from tests.integration.servers import PASSWORD, ROOT, Broker
from tests.polling import eventually

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
        return self._run(arguments, status).stdout

    def complaint(self, *arguments: str, status: int) -> str:
        """What it says of its failure."""
        return self._run(arguments, status).stderr

    def show(self, queue: str = QUEUE) -> list[dict[str, Any]]:
        letters: list[dict[str, Any]] = json.loads(self.run("show", queue, "--json"))
        return letters

    def _run(self, arguments: tuple[str, ...], status: int) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "chassis.operator", "dead-letters", *arguments]
        done = subprocess.run(
            command, cwd=ROOT, env=self._environment, capture_output=True, text=True, check=False, input=""
        )
        assert done.returncode == status, done.stderr
        return done


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


def test_private_task_is_shown_but_never_replayed(tool: Tool, stock: WorkerProcess, chain_broker: Broker) -> None:
    """The letter has the task's name, and the broker's word for why; a sweep or the scheduler sends the task again."""
    sender = TaskSender("stock", MISTAKE)
    sender.bind(Celery(broker=chain_broker.url("stock")))
    sender.send()
    eventually(lambda: queue_holds(chain_broker, "stock.tasks.dead", 1))
    letter = tool.show("stock.tasks")[0]
    assert (letter["type"], letter["reason"]) == (MISTAKE, "dead-lettered by the broker: rejected")
    assert letter["id"]
    listed = {row["queue"]: row["oldest"] for row in json.loads(tool.run("list", "--json"))}
    assert listed["stock.tasks"] == letter["first_failure"] == letter["last_failure"] is not None
    complaint = tool.complaint("replay", "stock.tasks", "--all", "--yes", status=2)
    assert complaint.startswith("Error: stock.tasks holds private tasks")
    assert complaint.count("\n") == 1
    queue_holds(chain_broker, "stock.tasks.dead", 1)
    assert "1 purged" in tool.run("purge", "stock.tasks", "--id", letter["id"], "--yes")


@pytest.fixture
def removed(chain_broker: Broker) -> Iterator[str]:
    """The queue of a service of which only a dead letter is left, with its way back to nowhere or, at first, none."""
    chain_broker.call("PUT", "/queues/quadrille/gone.shop.dead", {"durable": True})
    chain_broker.publish("amq.default", "gone.shop.dead", '{"id": "1"}')
    yield "gone.shop"
    chain_broker.call("DELETE", "/queues/quadrille/gone.shop.dead")


def test_letter_of_a_removed_service_stays(tool: Tool, removed: str, chain_broker: Broker) -> None:
    """One sentence, whether the exchange is gone or leads nowhere; the letter waits for the service."""
    no_exchange = tool.complaint("replay", removed, "--all", "--yes", status=3)
    chain_broker.call("PUT", "/exchanges/quadrille/gone.replay", {"type": "direct", "durable": True})
    no_binding = tool.complaint("replay", removed, "--all", "--yes", status=3)
    chain_broker.call("DELETE", "/exchanges/quadrille/gone.replay")
    for complaint in (no_exchange, no_binding):
        assert complaint.startswith("Error: a letter was not taken back into gone.shop")
        assert complaint.count("\n") == 1
    queue_holds(chain_broker, f"{removed}.dead", 1)


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
