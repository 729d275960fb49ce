"""Settings change while everything runs: all replicas follow, and nothing that is broken breaks them."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
import requests

from chassis.times import rfc3339, utc_now
from tests.e2e import accidents
from tests.e2e.client import Client
from tests.e2e.containers import address, containers, logs_since, readiness
from tests.e2e.settings import FOLLOWS_SECONDS, PROCESSES, change, commits, config, followed, newest, restored
from tests.e2e.stack import compose, stopped
from tests.polling import eventually
from tools import report
from tools.console import Clock
from tools.paths import ROOT
from tools.stack import Stack

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


def make(target: str, **variables: str) -> str:
    """One of the operators' commands through the Makefile, on the project under test; returns what it prints."""
    # What an outer `make test` tells its own recipes is not for this one.
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    command = ["make", "-s", target, *(f"{name}={value}" for name, value in variables.items())]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def good() -> Iterator[str]:
    """The commit before the test, which all run; its settings are back after it."""
    with restored() as before:
        yield before


@pytest.fixture
def administrator(gateway: str) -> Client:
    """The administrator, logged in."""
    return Client(gateway).log_in(os.environ["ADMIN_EMAIL"], os.environ["ADMIN_PASSWORD"])


def test_every_process_runs_the_newest() -> None:
    """Given by the configuration service, and named in each /health/ready."""
    followed(newest(), *PROCESSES, seconds=60)
    for service, port in PROCESSES.items():
        assert {each["configuration"]["origin"] for each in readiness(service, port)} == {"service"}


def test_change_reaches_all_replicas_and_rolls_back(good: str, customer: Client) -> None:
    """A limit, within five seconds, in two replicas of an API and in the worker; and back again."""
    compose("up", "--detach", "--wait", "--no-recreate", "--no-deps", "--scale", "orders-api=2", "orders-api")
    try:
        assert len(containers("orders-api")) == 2
        bulky = {"lines": [], "note": "x" * 3000}

        def statuses() -> set[int]:
            bases = [f"http://{address(container)}:8000" for container in containers("orders-api")]
            token = {"Authorization": str(customer.session.headers["Authorization"])}
            return {
                requests.post(f"{base}/api/v1/orders", json=bulky, headers=token, timeout=5).status_code
                for base in bases
            }

        assert statuses() == {422}
        followed(change("orders", "max_body_bytes", "2048"), "orders-api", "orders-worker")
        assert statuses() == {413}
        assert commits("users-api") <= {good, newest()}
        followed(config("rollback", good).split()[0], "orders-api", "orders-worker")
        assert statuses() == {422}
    finally:
        compose("up", "--detach", "--no-recreate", "--no-deps", "--scale", "orders-api=1", "orders-api")


def test_log_level_of_all_services_changes(good: str) -> None:
    """One shared line, and every process says more."""
    moment = rfc3339(utc_now())
    followed(change("application", "log_level", "DEBUG"), *PROCESSES)

    def all_say_more() -> None:
        quiet = [name for name in PROCESSES for each in containers(name) if '"debug"' not in logs_since(each, moment)]
        assert quiet == []

    eventually(all_say_more, seconds=30, interval=1)


def test_make_sets_shows_and_rolls_back(good: str) -> None:
    """The operators' targets, each with its variables."""
    made = make("config-set", application="orders", key="order_tries", value="4", message="Once more.")
    commit = made.split()[0]
    assert made.rstrip().endswith("Once more.")
    assert make("config-log", application="orders").splitlines()[0] == made.rstrip()
    assert {"-order_tries: 3", "+order_tries: 4"} <= set(make("config-diff", commit=commit).splitlines())
    back = make("config-rollback", commit=good).split()[0]
    assert newest() == back
    assert not make("config-diff", commit=good, other=back)


def test_report_tells_who_runs_which_commit(good: str, capsys: pytest.CaptureFixture[str]) -> None:
    """As `make up` prints it at its end: every process that has settings, and one commit."""
    report.show(Stack(Path(os.environ["COMPOSE_ENV_FILES"]), isolated=True), {}, Clock())
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("Configuration ")]
    [(commit, _, names)] = [line.removeprefix("Configuration ").partition(": ") for line in lines]
    assert (commit, sorted(names.split(", "))) == (good, sorted(PROCESSES))


def test_intervals_and_flags_follow(good: str, anonymous: Client) -> None:
    """The scheduler plans anew, and registration closes and opens again, without a restart."""
    moment = rfc3339(utc_now())
    followed(change("scheduler", "orders_sweep_seconds", "1"), "scheduler")
    [scheduler] = containers("scheduler")

    def plans_anew() -> None:
        assert "task_interval_changed" in logs_since(scheduler, moment)

    eventually(plans_anew, seconds=FOLLOWS_SECONDS)
    nobody = {"email": f"{uuid4()}@example.com", "password": "correct horse battery", "name": "Nobody"}
    followed(change("users", "registration_open", "false"), "users-api")
    assert anonymous.call("POST", "/api/v1/users", json=nobody).json()["code"] == "registration_closed"
    followed(config("rollback", good).split()[0], "users-api", "scheduler")
    assert anonymous.call("POST", "/api/v1/users", json=nobody).status_code == 201


def test_administrator_changes_a_setting(good: str, administrator: Client, manager: Client) -> None:
    """Through the gateway, checked by the service's model, never over somebody else's change."""
    path, body = "/api/v1/config/changes", {"application": "orders", "values": {"order_tries": 4}}
    assert manager.call("POST", path, json=body).status_code == 403
    seen = administrator.call("GET", "/api/v1/config/orders/default").headers["ETag"]
    wrong = {"application": "orders", "values": {"order_tries": -4}}
    assert administrator.call("POST", path, json=wrong).json()["code"] == "validation_error"
    made = administrator.call("POST", path, json=body, headers={"If-Match": seen})
    assert made.status_code == 201, made.text
    followed(made.json()["commit"][:12], "orders-worker")
    again = administrator.call("POST", path, json={**body, "values": {"order_tries": 5}}, headers={"If-Match": seen})
    assert again.json()["code"] == "precondition_failed"
    listed = administrator.call("GET", f"{path}?application=orders").json()
    assert (listed[0]["commit"], listed[0]["message"]) == (made.json()["commit"], "orders: set order_tries to 4.")


def test_service_starts_from_its_copy(good: str, anonymous: Client) -> None:
    """While the configuration service is away; then it follows again."""
    with stopped("config"):
        compose("restart", "inventory-api")
        eventually(lambda: readiness("inventory-api", 8000), seconds=60)
        [report] = readiness("inventory-api", 8000)
        assert report["configuration"] == {"commit": good, "origin": "copy"}
        eventually(lambda: anonymous.call("GET", "/api/v1/products").raise_for_status(), seconds=30)

    def follows() -> None:
        assert readiness("inventory-api", 8000)[0]["configuration"]["origin"] == "service"

    eventually(follows, seconds=60, interval=1)


def test_broken_file_breaks_nothing(good: str) -> None:
    """The commit before it is served on; the health of the configuration service names the file."""
    accidents.break_configuration()

    def named() -> None:
        [report] = readiness("config", 8000)
        assert "orders.yml" in report["checks"]["newest_commit"]["reason"]

    eventually(named, seconds=10)
    compose("restart", "orders-worker")
    eventually(lambda: readiness("orders-worker", 9100), seconds=60)
    assert commits("orders-worker") == commits("users-api") == {good}


def test_access_without_rights_is_refused() -> None:
    """Each service reads its own settings and the shared ones; without a password nobody reads anything."""
    base = f"http://{address(containers('config')[0])}:8000"
    mine = ("users", os.environ["CONFIG_USERS_PASSWORD"])

    def status(path: str, auth: tuple[str, str] | None) -> int:
        return requests.get(base + path, auth=auth, timeout=5).status_code

    assert status("/users/default", mine) == 200
    assert status("/orders/default", mine) == 403
    assert status("/users/default", ("users", "wrong")) == 401
    assert status("/users/default", None) == 401


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/config/..%2f..%2fetc%2fpasswd/default",
        "/api/v1/config/orders/..%2f..%2fetc%2fpasswd",
        "/api/v1/config/orders/default/(_)..(_)..(_)etc(_)passwd",
        "/api/v1/config/orders/default/%2e%2e",
    ],
)
def test_traversal_leads_nowhere(administrator: Client, path: str) -> None:
    """Not even for the administrator."""
    answer = administrator.call("GET", path)
    assert answer.status_code in (400, 404)
    assert "root:" not in answer.text
