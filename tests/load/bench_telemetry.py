"""`make bench-telemetry`: what tracing costs a request, with the Collector there, silent, and with tracing off.

Three servers of one API run side by side on the same database. Requests go to them in turn, in small blocks and random
order, so that other work on the machine hits all alike; each round compares the medians of its own blocks, and the
median of those ratios is what counts. The CPU time of the serving process is compared over the whole run. Every request
carries a recorded trace, as from the edge; only the API itself is between the client and the store, so that the share
is the largest that there can be.
"""

import http.client
import json
import os
import platform
import random
import secrets
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from testcontainers.core.container import DockerContainer

from tests.integration.servers import ROOT, free_port, image_of, mongo_server, postgres_server
from tests.polling import eventually

WARM_UP = 150
ROUNDS = 60
BLOCK = 20
LIMIT = 1.05
MODES = ("off", "on", "silent")
TICKS = os.sysconf("SC_CLK_TCK")

COLLECTOR = """
receivers: {otlp: {protocols: {http: {endpoint: "0.0.0.0:4318"}}}}
processors: {batch: {}}
exporters: {debug: {verbosity: basic, sampling_initial: 1, sampling_thereafter: 10000}}
service: {pipelines: {traces: {receivers: [otlp], processors: [batch], exporters: [debug]}}}
"""


@dataclass(frozen=True)
class Case:
    """A kind of request."""

    name: str
    api: str
    store: str
    method: str
    path: str
    body: str | None = None


CASES = (
    Case("GET /api/v1/products (PostgreSQL)", "inventory", "postgres", "GET", "/api/v1/products"),
    Case(
        "POST /api/v1/orders (MongoDB)", "orders", "mongo", "POST", "/api/v1/orders",
        json.dumps({"lines": [{"sku": "MUG-BLUE", "quantity": 1}]}),
    ),
)  # fmt: skip


@dataclass
class Server:
    """One server of the API, and the times that it took."""

    port: int
    process: subprocess.Popen[str]
    headers: dict[str, str]
    medians: list[float] = field(default_factory=list)
    cpu_before: float = 0.0

    def connect(self) -> None:
        """One connection for all requests."""
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)

    def ask(self, case: Case) -> float:
        """One request in a trace of its own; returns its seconds."""
        traced = {**self.headers, "traceparent": f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"}
        started = time.perf_counter()
        self.connection.request(case.method, case.path, case.body, traced)
        answer = self.connection.getresponse()
        answer.read()
        seconds = time.perf_counter() - started
        if answer.status not in (200, 202):
            raise RuntimeError(f"{case.name}: {answer.status}")
        return seconds

    def cpu(self) -> float:
        """CPU seconds of the process and its workers so far."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        stats = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in children]
        return sum(int(stat[11]) + int(stat[12]) for stat in stats) / TICKS


@contextmanager
def collector() -> Iterator[str]:
    """The endpoint of a real Collector that takes spans and drops them."""
    config = ROOT / ".build" / "bench-collector.yaml"
    config.parent.mkdir(exist_ok=True)
    config.write_text(COLLECTOR)
    container = DockerContainer(image_of("otel-collector")).with_exposed_ports(4318)
    container.with_volume_mapping(str(config), "/bench.yaml", "ro").with_command("--config=/bench.yaml")
    with container:
        port = int(container.get_exposed_port(4318))
        eventually(lambda: socket.create_connection(("127.0.0.1", port), 1).close(), seconds=30)
        yield f"http://127.0.0.1:{port}"


@contextmanager
def silence() -> Iterator[str]:
    """The endpoint of something that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as deaf:
        yield f"http://127.0.0.1:{deaf.getsockname()[1]}"


@contextmanager
def serving(case: Case, store_url: str, endpoint: str) -> Iterator[Server]:
    """A server of the case's API."""
    port = free_port()
    command = [sys.executable, "-m", "tests.load.traced_api", case.api, str(port), store_url, endpoint]
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(command, cwd=ROOT, stdout=log, text=True)
        try:
            eventually(lambda: socket.create_connection(("127.0.0.1", port), 1).close(), seconds=60)
            log.seek(0)
            headers = {"Content-Type": "application/json", "Authorization": f"Bearer {log.readline().strip()}"}
            server = Server(port, process, headers)
            server.connect()
            yield server
        finally:
            process.terminate()
            process.wait(30)


def measure(case: Case, store_url: str, endpoints: dict[str, str]) -> bool:
    """Prints the case's figures; whether they are within the limit."""
    with ExitStack() as stack:
        servers = {mode: stack.enter_context(serving(case, store_url, endpoints[mode])) for mode in MODES}
        for server in servers.values():
            for _ in range(WARM_UP):
                server.ask(case)
            server.cpu_before = server.cpu()
        for _ in range(ROUNDS):
            for mode in random.sample(MODES, len(MODES)):
                block = [servers[mode].ask(case) for _ in range(BLOCK)]
                servers[mode].medians.append(statistics.median(block))
        used = {mode: (server.cpu() - server.cpu_before) / (ROUNDS * BLOCK) for mode, server in servers.items()}
    kept = [report(case, mode, servers, used) for mode in MODES]
    return all(kept)


def report(case: Case, mode: str, servers: dict[str, Server], used: dict[str, float]) -> bool:
    """Prints one line; whether it is within the limit."""
    mine, off = servers[mode].medians, servers["off"].medians
    slower = statistics.median([one / other for one, other in zip(mine, off, strict=True)])
    say(
        f"{case.name:36} {mode:7} median {statistics.median(mine) * 1000:6.2f} ms ({slower - 1:+6.1%})"
        f"   CPU {used[mode] * 1000:5.2f} ms ({used[mode] / used['off'] - 1:+6.1%})"
    )
    return slower <= LIMIT


def say(line: str) -> None:
    """To the person who called."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    """Prints the figures; 1 when a request is slower by more than the limit."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    say(f"{os.cpu_count()} CPUs, {memory:.0f} GiB, Linux {platform.release()}, Python {platform.python_version()}")
    say(f"load before: {os.getloadavg()[0]:.1f}; {ROUNDS} rounds of {BLOCK} requests for each mode")
    with ExitStack() as stack:
        postgres = stack.enter_context(postgres_server()).replace("postgresql://", "postgresql+psycopg://")
        mongo = f"mongodb://{stack.enter_context(mongo_server())}/bench?authSource=admin"
        stores = {"postgres": postgres, "mongo": mongo}
        endpoints = {"off": "", "on": stack.enter_context(collector()), "silent": stack.enter_context(silence())}
        kept = [measure(case, stores[case.store], endpoints) for case in CASES]
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
