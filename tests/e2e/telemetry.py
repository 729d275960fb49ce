"""What the stores of telemetry say: Prometheus, Loki (which publishes no port) and Zipkin."""

import json
import os
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import requests

from tests.e2e.stack import compose

MINUTES = 30
# What Grafana puts in: any value of a choice, nothing that was typed, and the width of a step.
VARIABLES = {
    "$__rate_interval": "1m", "$__auto": "1m", "$job": ".+", "$service": ".+", "$level": ".+", "$words": "",
}  # fmt: skip


def filled_in(expression: str) -> str:
    """A panel's query as Grafana sends it when nothing is chosen."""
    for name, value in VARIABLES.items():
        expression = expression.replace(name, value)
    return expression


def ask_prometheus(expression: str) -> list[dict[str, Any]]:
    """The series of a PromQL expression over the last half hour."""
    now = time.time()
    window: dict[str, str | float] = {"start": now - MINUTES * 60, "end": now, "step": 15}
    url = f"http://127.0.0.1:{os.environ['PROMETHEUS_PORT']}/api/v1/query_range"
    answer = requests.get(url, params={"query": expression, **window}, timeout=10)
    assert answer.status_code == 200, f"{expression}: {answer.text}"
    series: list[dict[str, Any]] = answer.json()["data"]["result"]
    return series


def ask_loki(expression: str) -> list[dict[str, Any]]:
    """The streams or series of a LogQL expression over the last half hour."""
    now = time.time_ns()
    asked = {"query": expression, "start": now - MINUTES * 60 * 10**9, "end": now, "limit": 1000, "step": "60s"}
    url = f"http://loki:3100/loki/api/v1/query_range?{urlencode(asked)}"
    fetch = "import sys, urllib.request as r; sys.stdout.write(r.urlopen(sys.argv[1], timeout=10).read().decode())"
    answer = json.loads(compose("exec", "-T", "scheduler", "python", "-c", fetch, url))
    streams: list[dict[str, Any]] = answer["data"]["result"]
    return streams


@dataclass
class Trace:
    """A trace as Zipkin has it."""

    spans: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def read(cls, trace_id: str) -> "Trace":
        """Asks Zipkin for it; a trace that it does not have has no spans."""
        return cls(_ask_zipkin(f"trace/{trace_id}", {}) or [])

    @classmethod
    def of_order(cls, order_id: str) -> list["Trace"]:
        """All traces with a message that belongs to the order."""
        asked = {"annotationQuery": f"messaging.message.conversation_id={order_id}", "limit": 10}
        return [cls(spans) for spans in _ask_zipkin("traces", asked)]

    @property
    def services(self) -> set[str]:
        """The processes that took part."""
        return {span["localEndpoint"]["serviceName"] for span in self.spans}

    @property
    def edges(self) -> set[tuple[str, str]]:
        """Who called or told whom: process to process, and process to store, broker or mail server."""
        owners = {span["id"]: span["localEndpoint"]["serviceName"] for span in self.spans}
        inner = {(owners.get(span.get("parentId"), ""), owners[span["id"]]) for span in self.spans}
        outer = {
            (owners[span["id"]], span["remoteEndpoint"]["serviceName"])
            for span in self.spans
            if span.get("remoteEndpoint", {}).get("serviceName")
        }
        return {(one, other) for one, other in inner | outer if one and one != other}

    @property
    def roots(self) -> list[str]:
        """The names of the spans that have no parent."""
        return [span["name"] for span in self.spans if "parentId" not in span]

    @property
    def orphans(self) -> list[str]:
        """The names of the spans whose parent is missing."""
        known = {span["id"] for span in self.spans}
        return [span["name"] for span in self.spans if span.get("parentId", span["id"]) not in known]


def _ask_zipkin(path: str, asked: dict[str, Any]) -> Any:
    answer = requests.get(f"http://127.0.0.1:{os.environ['ZIPKIN_PORT']}/api/v2/{path}", params=asked, timeout=10)
    return answer.json() if answer.ok else None
