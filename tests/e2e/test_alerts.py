"""Alerts on the running stack: something is broken, Prometheus notices, Alertmanager tells by e-mail.

All accidents happen once, side by side, since most alerts wait for a minute to be sure.
"""

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
import requests

from tests.e2e import accidents, alerting
from tests.e2e.client import Client
from tests.e2e.messages import EventQueue
from tests.e2e.stack import stopped
from tests.polling import eventually

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

RUNBOOKS = Path(__file__).parents[2] / "docs/runbooks"
TOLD = {
    "ServiceDown": "flower is down",
    "QueueWithoutConsumer": "nobody consumes users.tasks",
    "RelayWithoutLeader": "no instance of inventory-worker relays the outbox",
    "DependencyDown": "inventory-api does not reach postgres",
    "ErrorBudgetBurnsFast": "inventory-api fails too many requests",
    "BreakerOpen": "orders-api does without inventory-api",
    "RetryStorm": "events of inventory.orders are retried again and again",
    "OrdersStale": "orders wait too long for inventory's answer",
    "OutboxOld": "events of orders do not leave its outbox",
    "BrokerAlarm": "RabbitMQ holds its publishers back",
    "DeadLetters": "dead letters in orders.inventory.dead",
    "UnroutableEvents": "events arrived that no queue is bound for",
    "SagaSlow": "orders are decided slowly",
    "MessagesRefused": "the broker refuses order.placed",
}
WHILE_BLOCKED = {"OutboxOld", "BrokerAlarm", "QueueWithoutConsumer", "ServiceDown", "BreakerOpen", "RetryStorm"}
WITHOUT_DATABASE = {"RelayWithoutLeader", "DependencyDown", "ErrorBudgetBurnsFast", "OrdersStale"}


def fires(*names: str) -> Callable[[], None]:
    """For `eventually`: these alerts fire."""

    def attempt() -> None:
        missing = set(names) - alerting.firing()
        assert not missing, f"not firing: {missing}"

    return attempt


@pytest.fixture(scope="module")
def told(manager: Client, gateway: str) -> Iterator[None]:
    """Everything goes wrong, one after the other is mended, and what was put aside is replayed.

    Whether each alert has come is judged by the tests; here they are only waited for, as long as is reasonable.
    """
    customer = Client(gateway).sign_up()
    sku = manager.add_product(stock=100)
    orders = [customer.settled(customer.place(sku)["id"])["id"]]
    EventQueue("orders.inventory", accidents.MANAGEMENT).put(b"\xff{")
    accidents.publish_what_nobody_hears()
    with ExitStack() as mended:
        for service in ("flower", "users-worker", "postgres"):
            mended.enter_context(stopped(service))
        orders += _shop(customer, sku, seconds=25)
        with accidents.short_of_memory():
            orders.append(customer.place(sku)["id"])
            _wait(*WHILE_BLOCKED)
        _wait(*WITHOUT_DATABASE)
    with stopped("inventory-worker"), accidents.limited("inventory.orders"):
        orders += [customer.place(sku)["id"] for _ in range(4)]
        _wait("MessagesRefused")
    _dead_letters("replay", but=".tasks")
    for order in orders:
        customer.settled(order, seconds=90)
    _wait("SagaSlow")
    yield
    _dead_letters("purge")


def _shop(customer: Client, sku: str, seconds: float) -> list[str]:
    """Every second a customer looks at the products, which fails, and orders."""
    orders: list[str] = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        assert customer.call("GET", "/api/v1/products").status_code == 503
        orders.append(customer.place(sku)["id"])
        time.sleep(1)
    return orders


def _wait(*names: str) -> None:
    with suppress(AssertionError):
        eventually(fires(*names), seconds=90, interval=1)


def _dead_letters(what: str, but: str = "-") -> None:
    """As the runbook says. What is replayed is handled now, but for poison, which comes back; tasks have no replay."""
    rows = json.loads(EventQueue.dead_letters("list", "--json"))
    for queue in (row["queue"] for row in rows if row["count"]):
        if not queue.endswith(but):
            EventQueue.dead_letters(what, queue, "--all", "--yes")


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize(("alert", "summary"), TOLD.items())
def test_it_is_told_by_mail(alert: str, summary: str) -> None:
    """A mail to those on call says so, in text and HTML, with the link to the runbook."""

    def arrived() -> None:
        mails = [alerting.mail(each["ID"]) for each in alerting.mails_of(alert)]
        telling = [mail for mail in mails if "FIRING: " in mail["Text"] and summary in mail["Text"]]
        assert telling, f"none of {len(mails)} mails of {alert} tells: {summary}"
        assert telling[0]["To"][0]["Address"] == "on-call@example.com"
        for form in ("Text", "HTML"):
            assert f"/user/{alert}.md" in telling[0][form]

    eventually(arrived, seconds=30, interval=1)


@pytest.mark.usefixtures("told")
def test_the_end_is_told_too() -> None:
    """Flower runs again."""

    def over() -> None:
        mails = [alerting.mail(each["ID"])["Text"] for each in alerting.mails_of("ServiceDown")]
        assert any("RESOLVED: flower is down" in text for text in mails)

    eventually(over, seconds=120, interval=2)


def test_the_runbook_of_an_alert_can_be_read_where_it_links_to() -> None:
    """Prometheus serves the pages."""
    for rule in alerting.alerts():
        answer = requests.get(f"{alerting.PROMETHEUS}/user/{rule['name']}.md", timeout=5)
        assert answer.status_code == 200
        assert answer.text.startswith(f"# {rule['name']}\n")


def test_the_query_of_every_alert_can_be_answered() -> None:
    """No error and no warning from Prometheus, and the rule itself is in order."""
    rules = alerting.alerts()
    assert rules
    for rule in rules:
        alerting.query(rule["query"])
        assert rule["health"] == "ok", rule["lastError"]


@pytest.mark.parametrize("page", sorted(RUNBOOKS.glob("*.md")), ids=lambda page: page.stem)
def test_the_queries_of_a_runbook_can_be_answered(page: Path) -> None:
    """As they stand there, on the command line."""
    for expression in re.findall(r"--data-urlencode 'query=(.+)'", page.read_text()):
        alerting.query(expression)
