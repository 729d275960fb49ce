"""Alerts on the running stack: something is broken, Prometheus notices, Alertmanager tells by e-mail."""

import pytest
import requests

from tests.e2e import alerting
from tests.e2e.stack import stopped
from tests.polling import eventually

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def told(alert: str, summary: str) -> None:
    """A mail to those on call says so, in text and HTML, with the link to the runbook."""
    mails = [alerting.mail(each["ID"]) for each in alerting.mails_of(alert)]
    telling = [mail for mail in mails if f"FIRING: {summary}" in mail["Text"]]
    assert telling, f"none of {len(mails)} mails of {alert} tells: {summary}"
    assert telling[0]["To"][0]["Address"] == "on-call@example.com"
    for form in ("Text", "HTML"):
        assert summary in telling[0][form]
        assert f"/user/{alert}.md" in telling[0][form]


def test_a_service_that_is_down_is_told_by_mail() -> None:
    """Flower is stopped: the mail comes within two minutes."""
    with stopped("flower"):
        eventually(lambda: told("ServiceDown", "flower is down"), seconds=120, interval=1)


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
