"""The scheduler as a process of its own: its tasks arrive, and go on arriving after the broker was away."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from tests.integration.chain.conftest import StartWorker
from tests.integration.chain.worker_app import COUNT, MISTAKE
from tests.integration.servers import ROOT, Broker, free_port
from tests.polling import eventually

Start = Callable[..., str]


@pytest.fixture
def start_scheduler(chain_broker: Broker, tmp_path: Path) -> Iterator[Start]:
    """Starts one with the given table; returns the address of its health. What it logs is JSON to the last line.

    Keywords go to its environment.
    """
    started: list[subprocess.Popen[bytes]] = []
    log = tmp_path / "scheduler.log"

    def start(*table: dict[str, object], **more: str) -> str:
        file, port = tmp_path / "schedule.json", free_port()
        file.write_text(json.dumps(table))
        environment = {
            "PATH": os.environ["PATH"],
            "BROKER_URL": chain_broker.url("scheduler"),
            "CONSUL_HTTP_ADDR": "http://127.0.0.1:1",
            "CONSUL_HTTP_TOKEN": "unused",
            "OPERATIONS_PORT": str(port),
            "SCHEDULE_FILE": str(file),
            "ORDERS_SWEEP_SECONDS": "0.2",
            **more,
        }
        command = [sys.executable, "-m", "celery", "-q", "-A", "chassis.tasks.scheduler", "beat"]
        with log.open("ab") as output:
            started.append(subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output))
        return f"http://127.0.0.1:{port}"

    yield start
    for process in started:
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0, log.read_text()
    assert all(json.loads(line) for line in log.read_text().splitlines())


def due(task: str, every: str = "orders_sweep_seconds") -> dict[str, object]:
    return {"service": "stock", "task": task, "every": every}


@pytest.fixture
def configuration() -> Iterator[tuple[str, dict[str, float]]]:
    """A configuration service in small: its address, and the values that it gives."""
    values: dict[str, float] = {}

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps(values).encode()
            self.send_response(200)
            self.send_header("ETag", f'"{hashlib.sha1(body, usedforsecurity=False).hexdigest()}"')
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Quietly."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/", values
        server.shutdown()


def test_interval_changes_while_it_runs(
    start_worker: StartWorker, start_scheduler: Start, configuration: tuple[str, dict[str, float]], tmp_path: Path
) -> None:
    """Of minutes at first; seconds after the change the task has come."""
    url, values = configuration
    values["orders_sweep_seconds"] = 600
    worker = start_worker("stock")
    reach = {"CONFIG_URL": url, "CONFIG_PASSWORD": "x", "CONFIG_COPIES": str(tmp_path), "CONFIG_POLL_SECONDS": "0.5"}
    address = start_scheduler(due(COUNT), ORDERS_SWEEP_SECONDS="", **reach)
    eventually(lambda: requests.get(f"{address}/health/ready", timeout=5).raise_for_status(), seconds=30)
    assert worker.count("effects") == 0
    values["orders_sweep_seconds"] = 0.2

    def assert_counted() -> None:
        assert worker.count("effects") >= 2

    eventually(assert_counted, seconds=10)


def test_tasks_arrive_again_and_again(chain_broker: Broker, start_worker: StartWorker, start_scheduler: Start) -> None:
    """A broken connection is made anew, and the health tells of a beat."""
    worker = start_worker("stock")
    address = start_scheduler(due(COUNT))

    def assert_counted(least: int) -> None:
        assert worker.count("effects") >= least

    eventually(lambda: assert_counted(3), seconds=30)
    assert requests.get(f"{address}/health/ready", timeout=5).json()["checks"] == {"beat": {"status": "ok"}}

    eventually(lambda: chain_broker.call("GET", "/connections/username/scheduler").json()[0], seconds=15)
    chain_broker.call("DELETE", "/connections/username/scheduler")
    counted = worker.count("effects")
    eventually(lambda: assert_counted(counted + 3), seconds=30)


def test_metrics_tell_when_a_task_was_sent_and_how_often_it_is_due(start_scheduler: Start) -> None:
    """Of a task that was not due yet, only the latter."""
    address = start_scheduler(due(COUNT), due(MISTAKE, "signing_key_check_seconds"))

    def assert_told() -> None:
        page = requests.get(f"{address}/metrics", timeout=5).text
        told = {
            sample.labels["task"]: sample.value for sample in samples(page, "task_last_scheduled_timestamp_seconds")
        }
        assert told.keys() == {COUNT}
        assert abs(time.time() - told[COUNT]) < 2
        intervals = {sample.labels["task"]: sample.value for sample in samples(page, "task_interval_seconds")}
        assert intervals == {COUNT: 0.2, MISTAKE: 600}

    eventually(assert_told, seconds=30)


def samples(page: str, name: str) -> list[Sample]:
    return [
        sample for family in text_string_to_metric_families(page) for sample in family.samples if sample.name == name
    ]


def test_mistakes_are_put_aside(
    start_worker: StartWorker, start_scheduler: Start, dead_letters: Callable[[str], list[SimpleNamespace]]
) -> None:
    """A task that fails with a mistake, and one that nobody knows, become dead letters; the worker goes on."""
    worker = start_worker("stock")
    start_scheduler(due(MISTAKE), due("chain.unknown"), due(COUNT))
    found: set[str] = set()

    def assert_dead() -> None:
        found.update(letter.headers["task"] for letter in dead_letters("stock.tasks"))
        assert found == {MISTAKE, "chain.unknown"}
        assert worker.count("effects") >= 1

    eventually(assert_dead, seconds=30)
    worker.assert_ready()


def test_what_nobody_took_in_time_is_no_dead_letter(
    chain_broker: Broker,
    start_worker: StartWorker,
    start_scheduler: Start,
    dead_letters: Callable[[str], list[SimpleNamespace]],
) -> None:
    """Tasks that waited for a worker longer than until the next one: dropped by the worker, not put aside."""
    start_scheduler(due(COUNT))

    def assert_waiting() -> None:
        assert chain_broker.messages("stock.tasks") >= 10

    eventually(assert_waiting, seconds=30)
    worker = start_worker("stock")

    def assert_counted() -> None:
        assert worker.count("effects") >= 1

    eventually(assert_counted, seconds=30)
    assert dead_letters("stock.tasks") == []
