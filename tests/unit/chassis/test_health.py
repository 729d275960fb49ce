"""Health: the report, and the metric that alerts go by."""

import pytest
from prometheus_client import REGISTRY

from chassis.health import Check, Health


def broken() -> str | None:
    raise ConnectionError("refused")


@pytest.mark.parametrize(
    ("check", "required", "ready", "up"),
    [
        (lambda: None, True, True, 1),
        (lambda: "no leader", True, False, 0),
        (broken, True, False, 0),
        (broken, False, True, 0),
    ],
)
def test_every_report_sets_the_metric(check: Check, required: bool, ready: bool, up: int) -> None:  # noqa: FBT001 - a table
    """By the dependency's name, whether it is required or not."""
    health = Health()
    health.add("store", check, required=required)
    assert health.report()[0] is ready
    assert REGISTRY.get_sample_value("dependency_up", {"dependency": "store"}) == up
