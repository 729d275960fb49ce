"""What Prometheus and Alertmanager say about the stack under test, and the mails that they made of it."""

import os
from typing import Any

import requests

ALERTMANAGER = f"http://127.0.0.1:{os.environ['ALERTMANAGER_PORT']}"
PROMETHEUS = f"http://127.0.0.1:{os.environ['PROMETHEUS_PORT']}"
MAILPIT = f"http://127.0.0.1:{os.environ['MAILPIT_PORT']}"


def query(expression: str) -> list[dict[str, Any]]:
    """The series of an instant query, which Prometheus must understand and answer."""
    answer = requests.get(f"{PROMETHEUS}/api/v1/query", params={"query": expression}, timeout=10)
    assert answer.status_code == 200, f"{expression}: {answer.text}"
    body = answer.json()
    assert not body.get("warnings"), f"{expression}: {body['warnings']}"
    series: list[dict[str, Any]] = body["data"]["result"]
    return series


def mails_of(alert: str) -> list[dict[str, Any]]:
    """The mails that tell of an alert, newest first."""
    parameters: dict[str, str | int] = {"query": f"subject:{alert}", "limit": 50}
    answer = requests.get(f"{MAILPIT}/api/v1/search", params=parameters, timeout=10)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["messages"]
    return found


def mail(identifier: str) -> dict[str, Any]:
    """One mail with its text and its HTML."""
    answer = requests.get(f"{MAILPIT}/api/v1/message/{identifier}", timeout=10)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def alerts() -> list[dict[str, Any]]:
    """The alerting rules as Prometheus has loaded them."""
    answer = requests.get(f"{PROMETHEUS}/api/v1/rules", params={"type": "alert"}, timeout=10)
    assert answer.status_code == 200, answer.text
    return [rule for group in answer.json()["data"]["groups"] for rule in group["rules"]]


def handed_on() -> set[str]:
    """The names of the alerts that have fired for three evaluations: then Alertmanager has begun to tell of them.

    What ends within its first ten seconds there is never told.
    """
    series = query('count by (alertname) (count_over_time(ALERTS{alertstate="firing"}[20s]) >= 3)')
    return {each["metric"]["alertname"] for each in series}


def story(alert: str) -> str:
    """What Prometheus and Alertmanager think of an alert, for who reads why a test failed."""
    selector = f'ALERTS{{alertname="{alert}"}}'
    counted = query(f"sum by (alertstate) (count_over_time({selector}[20m]))")
    parameters = {"filter": f'alertname="{alert}"'}
    held = requests.get(f"{ALERTMANAGER}/api/v2/alerts", params=parameters, timeout=10).json()
    return "\n".join(
        (
            f"Prometheus now: {[each['metric'] for each in query(selector)] or 'inactive'}",
            f"its evaluations of 20 minutes: { {each['metric']['alertstate']: each['value'][1] for each in counted} }",
            f"Alertmanager: {[(each['startsAt'], each['endsAt'], each['status']) for each in held] or 'knows nothing'}",
            f"newest mails: {subjects()}",
        )
    )


def subjects() -> list[str]:
    """Of the newest mails to those on call."""
    parameters: dict[str, str | int] = {"query": "to:on-call@example.com", "limit": 50}
    answer = requests.get(f"{MAILPIT}/api/v1/search", params=parameters, timeout=10)
    return [each["Subject"] for each in answer.json()["messages"]]


def label_names() -> list[str]:
    """Of all series that Prometheus has."""
    return _listed("labels")


def label_values(name: str) -> list[str]:
    """All values of a label."""
    return _listed(f"label/{name}/values")


def _listed(path: str) -> list[str]:
    answer = requests.get(f"{PROMETHEUS}/api/v1/{path}", timeout=10)
    assert answer.status_code == 200, answer.text
    found: list[str] = answer.json()["data"]
    return found
