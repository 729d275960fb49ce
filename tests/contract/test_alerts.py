"""Alerts, their runbooks and the list of what must run belong together."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
RULES = sorted((ROOT / "monitoring/prometheus/rules").glob("*.yml"))
RUNBOOKS = ROOT / "docs/runbooks"
INDEX = (RUNBOOKS / "README.md").read_text()
CHAPTERS = ["What it means", "How to look", "What to do"]

# What runs and exports no figures to Prometheus, and how it is watched instead.
WATCHED_OTHERWISE = {
    "postgres": "by postgres-exporter",
    "mongo": "by the health checks of those who need it",
    "consul": "by the registrations of those who need it",
    "prometheus": "it cannot tell of its own death",
    "mailpit": "by Alertmanager's count of mails that failed",
    "grafana": "it may be left out",
}


def rules() -> list[dict[str, Any]]:
    files = [yaml.safe_load(path.read_text()) for path in RULES]
    return [rule for file in files for group in file["groups"] for rule in group["rules"]]


ALERTS = {rule["alert"]: rule for rule in rules() if "alert" in rule}


@pytest.mark.parametrize("name", sorted(ALERTS))
def test_alerts_say_what_and_where_to_read_on(name: str) -> None:
    """A severity, a summary, a description in sentences, and the link to the runbook of the same name."""
    alert = ALERTS[name]
    assert alert["labels"]["severity"] in {"critical", "warning"}
    assert alert["annotations"]["summary"]
    assert alert["annotations"]["description"].endswith(".")
    assert alert["annotations"]["runbook_url"] == f"{{{{ $externalURL }}}}/user/{name}.md"


def test_every_alert_has_a_runbook_and_every_runbook_an_alert() -> None:
    """None is missing, and none is left over."""
    pages = {path.stem for path in RUNBOOKS.glob("*.md")} - {"README"}
    assert pages == set(ALERTS)


@pytest.mark.parametrize("name", sorted(ALERTS))
def test_runbooks_have_three_chapters(name: str) -> None:
    """What it means, how to look, what to do; no link leads nowhere."""
    page = (RUNBOOKS / f"{name}.md").read_text()
    assert page.startswith(f"# {name}\n")
    assert re.findall(r"^## (.+)$", page, re.MULTILINE) == CHAPTERS
    links = re.findall(r"\]\(([^)#:]+)\)", page)
    assert [link for link in links if not (RUNBOOKS / link).exists()] == []


def test_the_index_lists_every_alert_with_its_severity() -> None:
    """In the order of the rules."""
    listed = re.findall(r"^\| \[(\w+)\]\((\w+)\.md\) \| (\w+) \|", INDEX, re.MULTILINE)
    assert listed == [(name, name, alert["labels"]["severity"]) for name, alert in ALERTS.items()]


def test_all_that_must_run_is_expected() -> None:
    """A service of docker-compose.yml is on the list of the alert ServiceDown, or known to be watched otherwise."""
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    running = {name for name, service in services.items() if service["restart"] != "no"}
    expected = {rule["labels"]["job"] for rule in rules() if rule.get("record") == "job:expected"}
    assert expected == running - set(WATCHED_OTHERWISE)
