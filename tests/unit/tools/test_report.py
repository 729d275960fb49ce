"""What `make up` reads of the containers for its report."""

import json
from types import SimpleNamespace
from typing import Any

import pytest

from tools import report
from tools.stack import Service


@pytest.mark.parametrize(
    ("answer", "commit"),
    [
        (
            'HTTP/1.0 200 OK\nA: b\n\n{"status": "ok", "configuration": {"commit": "3f1c9d7ab2e0"}}',
            "3f1c9d7ab2e0",
        ),
        ('HTTP/1.0 200 OK\n\n{"status": "ok"}', None),
        ("", None),
        ("HTTP/1.0 404 NOT FOUND\n\n<html>", None),
    ],
)
def test_commit_is_read_from_health(answer: str, commit: str | None) -> None:
    """A process without settings of the service, such as Flower, tells of none."""
    assert report.commit_of(answer) == commit


def test_commits_are_told_with_who_runs_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """APIs and workers, each service once, whatever it has of replicas; who tells of no commit is left out."""
    old, new = (f'HTTP/1.0 200 OK\n\n{{"configuration": {{"commit": "{commit}"}}}}' for commit in ("3f1c", "8ad0"))
    answers = {("api-1", "8000"): new, ("api-2", "8000"): new, ("api-3", "8000"): old, ("worker-1", "9100"): new}
    ours = {name: Service(name, "us:1", {}, ()) for name in ("api", "worker", "flower")}
    services = {**ours, "db": Service("db", "db:17", None, ())}
    stack: Any = SimpleNamespace(services=lambda: services, command=lambda *words: words, environment={})

    def capture(*command: str, env: object = None) -> str | None:
        if command[0] == "ps":
            assert set(command[3:]) == set(ours)
            names = ("api-1", "api-2", "api-3", "worker-1", "flower-1")
            return "\n".join(json.dumps({"Name": name, "Service": name.partition("-")[0]}) for name in names)
        return answers.get((command[2], command[-1]))

    monkeypatch.setattr(report, "capture", capture)
    assert report.configurations(stack) == {"3f1c": ["api"], "8ad0": ["api", "worker"]}
