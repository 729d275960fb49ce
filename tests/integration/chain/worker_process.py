"""A worker of the chain as a process of its own."""

import os
import signal
import subprocess
import sys
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

from tests.integration.chain.stores import Store
from tests.integration.servers import ROOT, Broker, free_port
from tests.polling import eventually


class WorkerProcess:
    """A worker of a service, with its store."""

    def __init__(self, service: str, store: Store, broker: Broker, log: Path) -> None:
        self.service = service
        self.store = store
        self.log = log
        self._broker = broker
        self._port = free_port()

    def start(self, fail_point: str = "", *, usurps: bool = False) -> "WorkerProcess":
        """Starts it and waits until it consumes; with a fail-point it may be dead before."""
        environment = {
            "PATH": os.environ["PATH"],
            **self.store.environment(self.service),
            "BROKER_URL": self._broker.url(self.service),
            "CONSUL_HTTP_ADDR": "http://127.0.0.1:1",
            "CONSUL_HTTP_TOKEN": "unused",
            "OPERATIONS_PORT": str(self._port),
            "EVENT_RETRY_ROUNDS": "2",
            "FAIL_POINT": fail_point,
            "CHAIN_USURPS": "yes" if usurps else "",
        }
        command = [sys.executable, "-m", "celery", "-A", self.store.app, "worker", "--pool"]
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [*command, "threads", "--concurrency", "8", "--without-mingle", "--without-gossip"],
                cwd=ROOT, env=environment, stdout=output, stderr=output,
            )  # fmt: skip
        if not fail_point:
            eventually(self.assert_ready, seconds=30)
        return self

    def ask(self, path: str) -> tuple[int, str]:
        """Status and body of what its operations port answers."""
        # Closed in any case: a worker that is killed amid an answer would leave the socket to the garbage collector.
        with closing(HTTPConnection("127.0.0.1", self._port, timeout=5)) as connection:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()

    def metric(self, name: str, **labels: str) -> float:
        """The sum of a metric's samples that have the labels."""
        wanted = [f'{label}="{value}"' for label, value in labels.items()]
        lines = [line for line in self.ask("/metrics")[1].splitlines() if line.startswith((f"{name}{{", f"{name} "))]
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if all(each in line for each in wanted))

    def assert_ready(self) -> None:
        """The process runs and says that it is well."""
        assert self.process.poll() is None, self.log.read_text()
        status, report = self.ask("/health/ready")
        assert status == 200, report

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ends it and waits."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(30)

    def count(self, table: str, event_id: str | None = None) -> int:
        """Entries of a table of its store, all or of one event."""
        return self.store.count(table, event_id)
