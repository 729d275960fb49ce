"""The schedule, a table in a file: which service does which of its private tasks how often."""

from typing import Any

from pydantic import BaseModel, PositiveFloat, TypeAdapter

from chassis.messaging.topology import task_queue


class Due(BaseModel):
    """One line of the table."""

    service: str
    task: str
    seconds: PositiveFloat


def read_schedule(table: str) -> list[Due]:
    """The table in JSON. Raises ValueError."""
    return TypeAdapter(list[Due]).validate_json(table)


def as_beat_schedule(table: list[Due]) -> dict[str, Any]:
    """As Celery has it: each task goes to its service's own exchange, and expires when the next one is due."""
    return {
        due.task: {
            "task": due.task,
            "schedule": due.seconds,
            "options": {
                "exchange": task_queue(due.service),
                "routing_key": task_queue(due.service),
                "expires": due.seconds,
                "declare": [],  # the scheduler has no right to; the topology is there
                "ignore_result": True,
            },
        }
        for due in table
    }
