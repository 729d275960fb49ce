"""rabbitmq/schedule.json names tasks that exist."""

import importlib
import re
from pathlib import Path

import pytest

from catalogue import SERVICES
from chassis.tasks.schedule import Due, as_beat_schedule, read_schedule
from chassis.tasks.settings import IntervalSettings

ROOT = Path(__file__).parents[2]
TABLE = read_schedule((ROOT / "rabbitmq" / "schedule.json").read_text())


@pytest.mark.parametrize("due", TABLE, ids=lambda due: due.task)
def test_task_belongs_to_its_service(due: Due) -> None:
    """It is a function of the service's own worker, and the worker knows it by that name."""
    module, _, function = due.task.rpartition(".")
    assert due.service in SERVICES
    assert module == f"workers.{due.service}.tasks"
    assert callable(getattr(importlib.import_module(module), function))


def test_every_interval_is_some_tasks() -> None:
    """A setting that changes nothing would be a lie."""
    assert sorted(due.every for due in TABLE) == sorted(IntervalSettings.model_fields)


def test_unknown_interval_is_refused() -> None:
    """A typing mistake in the table ends the scheduler at its start."""
    with pytest.raises(ValueError, match="no such interval"):
        read_schedule('[{"service": "orders", "task": "t", "every": "order_tries"}]')


def test_only_tasks_exchanges_are_written() -> None:
    """Each goes to its service's own exchange, and expires before the next."""
    options = [(each["schedule"], each["options"]) for each in as_beat_schedule(TABLE, IntervalSettings()).values()]
    assert len(options) == len(TABLE)
    assert {option["exchange"] for _, option in options} == {f"{due.service}.tasks" for due in TABLE}
    assert all(option["expires"] <= seconds for seconds, option in options)


def test_alert_remembers_each_task_for_longer_than_it_may_be_late() -> None:
    """Else TasksNotScheduled would not tell of it when the scheduler is stopped."""
    rules = (ROOT / "monitoring" / "prometheus" / "rules" / "messaging.yml").read_text()
    hours = re.findall(r"task_(?:last_scheduled_timestamp|interval)_seconds\[(\d+)h\]", rules)
    [(slack, factor)] = re.findall(r"(\d+) \+ (\d+) \* max by \(task\)", rules)
    assert len(hours) == 2
    rarest = max(setting["maximum"] for setting in IntervalSettings.model_json_schema()["properties"].values())
    latest = int(slack) + int(factor) * rarest
    assert all(latest < int(each) * 3600 for each in hours)
