"""Health: the report, and the metric that alerts go by."""

import pytest
from prometheus_client import REGISTRY

from chassis.health import Check, Health


def broken() -> str | None:
    raise ConnectionError("refused")


@pytest.mark.parametrize(("check", "up"), [(lambda: None, 1), (lambda: "no leader", 0), (broken, 0)])
def test_what_is_required_sets_the_metric(check: Check, up: int) -> None:
    """By the dependency's name, at every report."""
    health = Health()
    health.add("store", check)
    ready, report = health.report()
    assert (ready, "reason" in report["checks"]["store"]) == (bool(up), not up)
    assert REGISTRY.get_sample_value("dependency_up", {"dependency": "store"}) == up


def test_what_is_only_shown_sets_none() -> None:
    """It fails neither the report nor an alert."""
    health = Health()
    health.add("neighbour", broken, required=False)
    ready, report = health.report()
    assert (ready, report["checks"]["neighbour"]["reason"]) == (True, "ConnectionError: refused")
    assert REGISTRY.get_sample_value("dependency_up", {"dependency": "neighbour"}) is None
