"""The schedule: a table in a file says which service does which of its private tasks, the settings how often."""

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, TypeAdapter

from chassis.messaging.topology import task_queue
from chassis.tasks.settings import IntervalSettings


def _interval(name: str) -> str:
    if name not in IntervalSettings.model_fields:
        raise ValueError("there is no such interval in the settings of the scheduler")
    return name


class Due(BaseModel):
    """One line of the table. `every` is the name of the setting that says how often."""

    service: str
    task: str
    every: Annotated[str, AfterValidator(_interval)]


def read_schedule(table: str) -> list[Due]:
    """The table in JSON. Raises ValueError."""
    return TypeAdapter(list[Due]).validate_json(table)


def as_beat_schedule(table: list[Due], intervals: IntervalSettings) -> dict[str, Any]:
    """As Celery has it: each task goes to its service's own exchange, and expires when the next one is due."""
    return {
        due.task: {
            "task": due.task,
            "schedule": getattr(intervals, due.every),
            "options": {
                "exchange": task_queue(due.service),
                "routing_key": task_queue(due.service),
                "expires": getattr(intervals, due.every),
                "declare": [],  # the scheduler has no right to; the topology is there
                "ignore_result": True,
            },
        }
        for due in table
    }
