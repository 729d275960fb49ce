"""The set-up job of the users service, as processes of its own on a real PostgreSQL."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

ENVIRONMENT = {
    "CONSUL_HTTP_TOKEN": "unused",
    "STARTUP_TIMEOUT": "1",
    "TOKEN_KEY_SECRET": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
    "PASSWORD_HASH_MEMORY_KIB": "8",
    "ADMIN_EMAIL": "Admin@Example.com",
    "ADMIN_PASSWORD": "password of the admin",
    "MANAGER_EMAIL": "manager@example.com",
    "MANAGER_PASSWORD": "password of the manager",
    "CUSTOMER_EMAIL": "customer@example.com",
    "CUSTOMER_PASSWORD": "password of the customer",
    "DEMO_DATA": "true",
    "OAUTH_CLIENTS": '[{"id": "orders", "secret": "secret of the orders service", "scopes": ["b", "a"]}]',
}


@pytest.fixture
def url(new_postgres_database: Callable[[], str]) -> str:
    """An empty database."""
    return new_postgres_database()


def start(database: str, **changes: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "apps.users.setup"],
        cwd=Path(__file__).parents[3],
        env={**os.environ, **ENVIRONMENT, "DATABASE_URL": database, **changes},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finish(job: subprocess.Popen[str]) -> tuple[int, list[Any]]:
    """The exit status and the log, of which every line must be JSON."""
    output, _ = job.communicate(timeout=60)
    return job.returncode, [json.loads(line) for line in output.splitlines()]


def rows(url: str, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        return connection.execute(query.encode()).fetchall()


def test_set_up(url: str) -> None:
    """Two that run at the same time make one of everything; a third, with another password, changes nothing."""
    assert [finish(job)[0] for job in [start(url), start(url)]] == [0, 0]
    accounts = rows(url, "SELECT email, roles, password_hash FROM accounts ORDER BY email")
    assert [account[:2] for account in accounts] == [
        ("admin@example.com", ["admin"]),
        ("customer@example.com", ["customer"]),
        ("manager@example.com", ["manager"]),
    ]
    assert finish(start(url, ADMIN_PASSWORD="another password"))[0] == 0
    assert rows(url, "SELECT email, roles, password_hash FROM accounts ORDER BY email") == accounts
    assert rows(url, "SELECT (SELECT count(*) FROM signing_keys), (SELECT count(*) FROM outbox)") == [(1, 3)]


def test_without_demo_data(url: str) -> None:
    """Only the admin is made, and nothing else need be given."""
    assert finish(start(url, DEMO_DATA="false", MANAGER_EMAIL="", CUSTOMER_EMAIL=""))[0] == 0
    assert rows(url, "SELECT email FROM accounts") == [("admin@example.com",)]


def test_clients_follow_the_environment(url: str) -> None:
    """The registered clients are those of the setting: a new secret takes the old one's place, and others go."""
    query = "SELECT id, scopes, secret_hash FROM oauth_clients ORDER BY id"
    assert finish(start(url))[0] == 0
    ((name, scopes, first_hash),) = rows(url, query)
    assert (name, scopes) == ("orders", ["a", "b"])
    assert finish(start(url))[0] == 0
    assert rows(url, query) == [(name, scopes, first_hash)]
    newer = ENVIRONMENT["OAUTH_CLIENTS"].replace("secret of", "new secret of")
    assert finish(start(url, OAUTH_CLIENTS=newer))[0] == 0
    assert rows(url, query)[0][2] != first_hash
    assert finish(start(url, OAUTH_CLIENTS="[]"))[0] == 0
    assert rows(url, query) == []


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"TOKEN_KEY_SECRET": "short"}, "TOKEN_KEY_SECRET"),
        ({"ADMIN_EMAIL": "nobody"}, "ADMIN_EMAIL"),
        ({"ADMIN_PASSWORD": "short"}, "ADMIN_PASSWORD"),
        ({"CUSTOMER_PASSWORD": ""}, "CUSTOMER_PASSWORD"),
        ({"OAUTH_CLIENTS": "orders"}, "oauth_clients"),
        ({"OAUTH_CLIENTS": '[{"id": "orders", "secret": "short", "scopes": ["a"]}]'}, "OAUTH_CLIENTS.0.SECRET"),
        (
            {"OAUTH_CLIENTS": '[{"id": "orders", "secret": "secret of the orders service", "scopes": ["a b"]}]'},
            "SCOPES",
        ),
        ({"DATABASE_URL": "postgresql+psycopg://users:wrong@127.0.0.1:1/users"}, "DATABASE_URL"),
    ],
)
def test_wrong_settings(url: str, changes: dict[str, str], named: str) -> None:
    """A wrong setting ends the job with a sentence that names it."""
    status, log = finish(start(url, **changes))
    assert status == 78
    assert named in log[-1]["event"]
    assert "exception" not in log[-1]
