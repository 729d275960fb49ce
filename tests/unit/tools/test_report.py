"""What `make up` reads of the containers for its report."""

import pytest

from tools import report


@pytest.mark.parametrize(
    ("answer", "commit"),
    [
        (
            'HTTP/1.0 200 OK\r\nA: b\r\n\r\n{"status": "ok", "configuration": {"commit": "3f1c9d7ab2e0"}}',
            "3f1c9d7ab2e0",
        ),
        ('HTTP/1.0 200 OK\r\n\r\n{"status": "ok"}', None),
        ("", None),
        ("HTTP/1.0 404 NOT FOUND\r\n\r\n<html>", None),
    ],
)
def test_commit_is_read_from_health(answer: str, commit: str | None) -> None:
    """A process without settings of the service, such as Flower, tells of none."""
    assert report.commit_of(answer) == commit
