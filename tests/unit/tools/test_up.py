"""What the start makes of the state of containers, and the report of their memory."""

import json

import pytest

from tools import report, up
from tools.console import elapsed


@pytest.mark.parametrize(
    ("state", "health", "code", "sick"),
    [
        ("running", "healthy", 0, False),
        ("running", "", 0, False),
        ("running", "unhealthy", 0, True),
        ("restarting", "", 1, True),
        ("exited", "", 0, False),
        ("exited", "", 1, True),
    ],
)
def test_who_is_sick(state: str, health: str, code: int, sick: bool) -> None:  # noqa: FBT001 - a table's column
    """A job that ended well is in order."""
    assert up.is_sick(state, health, code) is sick


def test_unhealthy_lists_services_once() -> None:
    """Two replicas of one service are one name."""
    row = {"Service": "api", "State": "exited", "Health": "", "ExitCode": 1}
    assert up.unhealthy("\n".join([json.dumps(row)] * 2)) == ["api"]


def test_memory_adds_up() -> None:
    """Over units, and without the limits."""
    assert report.bytes_in_use("1.5GiB / 2GiB\n512MiB / 1GiB\n100KiB / 1MiB\n0B / 0B") == 2 * (1 << 30) + 100 * 1024


@pytest.mark.parametrize(("seconds", "text"), [(6.6, "7 s"), (65, "1 min 05 s"), (600, "10 min 00 s")])
def test_elapsed(seconds: float, text: str) -> None:
    """As a person says it."""
    assert elapsed(seconds) == text
