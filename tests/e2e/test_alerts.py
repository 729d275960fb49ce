"""Alerts on the running stack: something is broken, Prometheus notices, Alertmanager tells by e-mail.

All accidents happen once, side by side, since most alerts wait for a minute to be sure.
"""

import json
import re
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
import requests

from tests.e2e import accidents, alerting
from tests.e2e.client import Client
from tests.e2e.messages import EventQueue
from tests.e2e.stack import stopped
from tests.polling import eventually

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

# What has to be a minute old is told of after twenty seconds more, on a machine that is busy after a minute more.
WAIT_SECONDS = 150
# Alertmanager tells a group's news once a minute, and again after a minute when that failed.
MAIL_SECONDS = 120
RUNBOOKS = Path(__file__).parents[2] / "docs/runbooks"
TOLD = {
    "ServiceDown": "flower is down",
    "QueueWithoutConsumer": "nobody consumes users.tasks",
    "MailsLate": "mails to customers do not leave",
    "AlertMailsFail": "Alertmanager cannot send its mails",
    "ConfigurationBroken": "the newest configuration cannot be read",
    "DeadLetters": "dead letters in orders.inventory.dead",
    "UnroutableEvents": "events arrived that no queue is bound for",
    "MessagesRefused": "the broker refuses order.placed",
    "RelayWithoutLeader": "no instance of inventory-worker relays the outbox",
    "DependencyDown": "inventory-api does not reach postgres",
    "ErrorBudgetBurnsFast": "inventory-api fails too many requests",
    "BreakerOpen": "orders-api does without inventory-api",
    "RetryStorm": "events of inventory.orders are retried again and again",
    "OrdersStale": "orders wait too long for inventory's answer",
    "OutboxOld": "events of orders do not leave its outbox",
    "BrokerAlarm": "RabbitMQ holds its publishers back",
    "TasksNotScheduled": "workers.notifications.tasks.sweep_mails is not scheduled any more",
    "SagaSlow": "orders are decided slowly",
    "MailsRefused": "the mail server refuses mails to customers",
}
# Promtool judges these alone, on made-up series.
NOT_MADE_HERE = {
    "ConfigurationNotFetched": "the tests' stack has no remote repository",
    "ErrorBudgetBurnsSlowly": "while much fails, ErrorBudgetBurnsFast tells instead; to fail slowly takes half an hour",
    "MemoryShort": "two minutes this close to its limit, and the kernel may end the container",
    "DiskFillsUp": "it would be the machine's own disk",
    "PostgresConnectionsShort": "two minutes without connections fail whatever else runs",
    "SigningKeyOld": "forty days",
    "CertificateExpires": "the tests' gateway speaks no TLS",
}
WITHOUT_MAILS = {"MailsLate", "AlertMailsFail", "ConfigurationBroken", "DeadLetters", "UnroutableEvents"}
WHILE_BLOCKED = {
    "OutboxOld", "BrokerAlarm", "TasksNotScheduled", "QueueWithoutConsumer", "ServiceDown", "BreakerOpen", "RetryStorm",
}  # fmt: skip
WITHOUT_DATABASE = {"RelayWithoutLeader", "DependencyDown", "ErrorBudgetBurnsFast", "OrdersStale"}


@pytest.fixture(scope="module")
def told(manager: Client, gateway: str) -> Iterator[None]:
    """Everything goes wrong, one after the other is mended, and what was put aside is replayed.

    Whether each alert has come is judged by the tests; here they are only waited for, as long as is reasonable.
    """
    customer = Client(gateway).sign_up()
    sku = manager.add_product(stock=1000)
    orders = [customer.settled(customer.place(sku)["id"])["id"]]
    with ExitStack() as mended:
        # Mailpit is the first to go, since it loses what it has.
        with stopped("mailpit"):
            for service in ("flower", "users-worker"):
                mended.enter_context(stopped(service))
            orders += _without_mails(customer, sku)
        customer.renew()  # without PostgreSQL nobody can
        mended.enter_context(stopped("postgres"))
        orders += _without_database(customer, sku)
    with accidents.refused_mails():
        _dead_letters("replay", but=".tasks")
        for order in orders:
            customer.settled(order, seconds=90)
        _order_until("MailsRefused", customer, sku)
    yield
    _dead_letters("purge")


def _without_mails(customer: Client, sku: str) -> list[str]:
    """A mail waits, those to the people on call fail, and other things happen meanwhile."""
    accidents.forget_what_was_told()
    EventQueue("orders.inventory", accidents.MANAGEMENT).put(b"\xff{")
    accidents.publish_what_nobody_hears()
    orders = [customer.settled(customer.place(sku)["id"])["id"]]
    with accidents.broken_configuration():
        with stopped("inventory-worker"), accidents.limited("inventory.orders"):
            orders += [customer.place(sku)["id"] for _ in range(4)]
            _wait("MessagesRefused")
        _wait(*WITHOUT_MAILS)
    return orders


def _without_database(customer: Client, sku: str) -> list[str]:
    """Customers go on shopping, and for a while the broker takes nothing either."""
    orders = _shop(customer, sku, seconds=25)
    with stopped("scheduler"), accidents.short_of_memory():
        orders += [customer.place(sku)["id"] for _ in range(3)]
        _wait(*WHILE_BLOCKED)
    _wait(*WITHOUT_DATABASE)
    return orders


def _shop(customer: Client, sku: str, seconds: float) -> list[str]:
    """Every second a customer looks at the products, which fails, and orders."""
    orders: list[str] = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        assert customer.call("GET", "/api/v1/products").status_code == 503
        orders.append(customer.place(sku)["id"])
        time.sleep(1)
    return orders


def _order_until(alert: str, customer: Client, sku: str) -> None:
    """How many it takes depends on what the tests before have ordered."""
    end = time.monotonic() + WAIT_SECONDS
    while alert not in alerting.handed_on() and time.monotonic() < end:
        customer.place(sku)
        time.sleep(0.2)


def _wait(*names: str) -> None:
    missing = set(names)

    def all_handed_on() -> None:
        missing.difference_update(alerting.handed_on())
        assert not missing

    with suppress(AssertionError):
        eventually(all_handed_on, seconds=WAIT_SECONDS, interval=1)


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
        assert telling, f"none of {len(mails)} mails of {alert} tells: {summary}\n{alerting.story(alert)}"
        assert telling[0]["To"][0]["Address"] == "on-call@example.com"
        for form in ("Text", "HTML"):
            assert f"/user/{alert}.md" in telling[0][form]

    eventually(arrived, seconds=MAIL_SECONDS, interval=2)


@pytest.mark.usefixtures("told")
def test_the_end_is_told_too() -> None:
    """Flower runs again."""

    def over() -> None:
        mails = [alerting.mail(each["ID"])["Text"] for each in alerting.mails_of("ServiceDown")]
        assert any("RESOLVED: flower is down" in text for text in mails)

    eventually(over, seconds=MAIL_SECONDS, interval=2)


def test_no_alert_is_left_out() -> None:
    """Each is made to fire here, or there is a reason why not."""
    assert {rule["name"] for rule in alerting.alerts()} == TOLD.keys() | NOT_MADE_HERE.keys()
    assert TOLD.keys().isdisjoint(NOT_MADE_HERE)


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
