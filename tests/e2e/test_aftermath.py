"""What the whole run has left behind, so these come last: every panel's query, and every container's log."""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from monitoring.dashboards import DASHBOARDS
from monitoring.dashboards.model import LOKI, PROMETHEUS, Panel, Source
from tests.e2e.client import PASSWORD, Client
from tests.e2e.stack import KILLED, compose, docker
from tests.e2e.telemetry import ask_loki, ask_prometheus, filled_in
from tests.polling import eventually

# Shows something only when something has gone wrong, which this file alone does not make.
MAY_BE_EMPTY = {
    "Events that went wrong",
    "Tasks that failed or were rejected",
    "Dead letters by kind",
    "Requests that failed",
    "Slow requests",
    "Values that were refused",
}

# The least that a line of ours says.
FIELDS = {"event", "level", "timestamp", "service"}
ADDRESS = re.compile(r"[\w.+-]+@(?:[\w-]+\.)+[a-z]{2,}\b")
TOKEN = re.compile(r"\beyJ[\w-]{10,}\.[\w-]{10,}")


@pytest.fixture(scope="module", autouse=True)
def _traffic(manager: Client, gateway: str) -> None:
    """At least one order of each fate, so that this file can be run alone, too."""
    sku = manager.add_product(stock=2)
    customer = Client(gateway).sign_up()
    shipped = customer.settled(customer.place(sku)["id"])
    manager.call("POST", f"/api/v1/orders/{shipped['id']}/ship")
    customer.call("POST", f"/api/v1/orders/{customer.settled(customer.place(sku)['id'])['id']}/cancel")
    customer.call("GET", "/api/v1/orders/nothing")


def of_source(source: Source) -> list[Any]:
    return [
        pytest.param(panel, id=f"{dashboard.uid}: {panel.title}")
        for dashboard in DASHBOARDS
        for panel in dashboard.panels
        if panel.source is source
    ]


@pytest.mark.parametrize("panel", of_source(PROMETHEUS))
def test_prometheus_answers_each_panel(panel: Panel) -> None:
    """Each query is understood, and has data where the tests must have made some."""

    def answered() -> None:
        shown = [ask_prometheus(filled_in(query.expr)) for query in panel.queries]
        assert any(shown) or panel.title in MAY_BE_EMPTY

    eventually(answered, seconds=30, interval=2)


@pytest.mark.parametrize("panel", of_source(LOKI))
def test_loki_answers_each_panel(panel: Panel) -> None:
    """As with Prometheus."""

    def answered() -> None:
        shown = [ask_loki(filled_in(query.expr)) for query in panel.queries]
        assert any(shown) or panel.title in MAY_BE_EMPTY

    eventually(answered, seconds=30, interval=2)


def documented(language: str) -> list[str]:
    """The queries of docs/observability.md."""
    page = (Path(__file__).parents[2] / "docs" / "observability.md").read_text()
    return re.findall(rf"```{language}\n(.*?)\n```", page, re.DOTALL)


@pytest.mark.parametrize("expression", documented("promql"))
def test_documented_promql_finds_something(expression: str) -> None:
    """What the page says is what one sees."""
    eventually(lambda: found(ask_prometheus(expression)), seconds=30, interval=2)


@pytest.mark.parametrize("expression", documented("logql"))
def test_documented_logql_finds_something(expression: str) -> None:
    """As with PromQL."""
    eventually(lambda: found(ask_loki(expression)), seconds=30, interval=2)


def found(series: list[dict[str, Any]]) -> None:
    assert series


def test_lines_of_an_order_are_found_from_the_shell(manager: Client, gateway: str) -> None:
    """`make search-logs query=<order id>` shows what its services said about it."""
    customer = Client(gateway).sign_up()
    order = customer.settled(customer.place(manager.add_product(stock=1))["id"])

    def said() -> None:
        lines = json.loads(compose("run", "--rm", "--no-deps", "-T", "ops", "logs", "--json", "--", order["id"]))
        assert {line["service"] for line in lines} >= {"orders-api", "orders-worker"}

    eventually(said, seconds=60, interval=2)


def test_exceptions_are_panels() -> None:
    """No panel that has been renamed stays excused."""
    assert {panel.title for dashboard in DASHBOARDS for panel in dashboard.panels} >= MAY_BE_EMPTY


def test_loki_labels_are_few() -> None:
    """Service, container and level, and nothing else: each value of a label is a stream more."""
    streams = ask_loki('{service=~".+"}')
    assert {name for stream in streams for name in stream["stream"]} >= {"service", "container", "level"}
    index = ask_loki('sum by (service, level) (count_over_time({service=~".+"}[30m]))')
    assert {series["metric"]["level"] for series in index} <= {
        "debug", "info", "warning", "error", "critical", "unknown",
    }  # fmt: skip
    shipped = {series["metric"]["service"] for series in index}
    assert shipped >= {
        "orders-api",
        "orders-worker",
        "inventory-worker",
        "forwardauth",
        "traefik",
        "flower",
        "scheduler",
    }


def containers() -> dict[str, str]:
    """The image of each service's container, those that have ended included."""
    rows = (json.loads(line) for line in compose("ps", "--all", "--format", "json").splitlines())
    return {row["Service"]: row["Image"] for row in rows}


def lines(service: str) -> Iterator[str]:
    yield from compose("logs", "--no-color", "--no-log-prefix", service).splitlines()


def ours() -> list[str]:
    prefix = f"{os.environ['COMPOSE_PROJECT_NAME']}/"
    return [service for service, image in containers().items() if image.startswith(prefix)]


def test_our_logs_are_json_from_the_first_line_to_the_last() -> None:
    """Each line is an object that says what, how bad, when and who."""
    bad = []
    for service in ours():
        for line in lines(service):
            try:
                entry = json.loads(line)
            except json.JSONDecodeError:
                entry = {}
            if not isinstance(entry, dict) or not entry.keys() >= FIELDS:
                bad.append(f"{service}: {line[:200]}")
    assert bad == []


def secrets() -> set[str]:
    """Every password, key and token of this stack, and what the tests' customers type."""
    secret = re.compile(r"PASSWORD|SECRET|TOKEN|COOKIE|KEY")
    values = {value for name, value in os.environ.items() if secret.search(name) and len(value) >= 12}
    return values | {PASSWORD}


def test_no_log_holds_a_secret_or_an_address() -> None:
    """No password, key, token or e-mail address in any container's log; mails are Mailpit's, and so are addresses."""
    known = re.compile("|".join(re.escape(value) for value in sorted(secrets())))
    found = []
    for service in containers():
        for line in lines(service):
            if known.search(line) or TOKEN.search(line):
                found.append(f"{service}: a secret in {known.sub('***', TOKEN.sub('***', line))[:300]}")
            if service != "mailpit" and ADDRESS.search(line):
                found.append(f"{service}: an address in {line[:300]}")
    assert found == []


def test_request_lines_lead_to_their_trace() -> None:
    """Each line of an API about a request names its trace and the request's id."""
    entries = [json.loads(line) for line in lines("orders-api")]
    requests = [entry for entry in entries if entry["event"] == "request"]
    assert requests
    assert [entry for entry in requests if not (entry.get("trace_id") and entry.get("request_id"))] == []


def test_no_process_has_died_by_itself() -> None:
    """No container was started again but those that the tests have killed: none ran out of memory, none gave up."""
    ids = compose("ps", "--all", "--quiet").split()
    inspected = docker("inspect", *ids)
    restarts = {
        each["Config"]["Labels"]["com.docker.compose.service"]: each["RestartCount"] for each in json.loads(inspected)
    }
    assert {service for service, count in restarts.items() if count} <= KILLED


def test_broker_has_refused_nobody() -> None:
    """Every process has the rights at the broker that it needs."""
    assert [line for line in lines("rabbitmq") if "ACCESS_REFUSED" in line or "access_refused" in line] == []
