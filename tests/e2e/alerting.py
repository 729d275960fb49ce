"""What Prometheus and Alertmanager say about the stack under test, and the mails that they made of it."""

import os
from typing import Any

import requests

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


def firing() -> set[str]:
    """The names of the alerts that fire now."""
    answer = requests.get(f"{PROMETHEUS}/api/v1/alerts", timeout=10)
    assert answer.status_code == 200, answer.text
    return {each["labels"]["alertname"] for each in answer.json()["data"]["alerts"] if each["state"] == "firing"}


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
