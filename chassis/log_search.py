"""`ops logs`: asks Loki for log lines from the shell, for those who have no Grafana at hand."""

import json
import re
import sys
import time
from dataclasses import dataclass
from typing import Any

import click
import requests

NOTHING_FOUND = 1
USAGE = 2
AWAY = 3
MOST_LINES = 5000
BAD_REQUEST = 400
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


@dataclass(frozen=True)
class Line:
    """One line, and which container said it when."""

    at: int
    """Nanoseconds since 1970."""
    service: str
    level: str
    text: str

    def __str__(self) -> str:
        clock = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.at // 10**9))
        return f"{clock} {self.service:<20} {self.level:<8} {self.text.rstrip()}"


def as_logql(query: str) -> str:
    """The query itself when it is LogQL; words are looked for in the lines of all services."""
    return query if query.lstrip().startswith("{") else f'{{service=~".+"}} |= {json.dumps(query)}'


def seconds(since: str) -> int:
    """A duration such as 90s, 15m, 2h or 1d. Raises ValueError."""
    found = re.fullmatch(r"(\d+)([smhd])", since)
    if found is None:
        raise ValueError("a number and s, m, h or d, for instance 15m")
    return int(found[1]) * _SECONDS[found[2]]


def lines_of(answer: dict[str, Any]) -> list[Line]:
    """The lines in an answer of Loki, oldest first."""
    found = [
        Line(int(at), stream["stream"].get("service", "-"), stream["stream"].get("level", "-"), text)
        for stream in answer["data"]["result"]
        for at, text, *_ in stream["values"]
    ]
    return sorted(found, key=lambda line: line.at)


def _ask(url: str, query: str, since: int, limit: int) -> dict[str, Any]:
    now = time.time_ns()
    asked: dict[str, str | int] = {"query": query, "limit": limit, "start": now - since * 10**9, "end": now}
    try:
        answer = requests.get(f"{url.rstrip('/')}/loki/api/v1/query_range", params=asked, timeout=30)
    except requests.RequestException as error:
        _end(f"Loki does not answer ({type(error).__name__}): `make ps` shows whether it runs", AWAY)
    if answer.status_code == BAD_REQUEST:
        _end(f"Loki does not understand {query}: {answer.text.strip()}", USAGE)
    answer.raise_for_status()
    found: dict[str, Any] = answer.json()
    if found["data"]["resultType"] != "streams":
        _end("the query counts lines; this command shows them", USAGE)
    return found


def _end(words: str, status: int) -> Any:
    click.echo(f"Error: {words}", err=True)
    sys.exit(status)


def _duration(_context: click.Context, _parameter: click.Parameter, value: str) -> int:
    try:
        return seconds(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


@click.command()
@click.argument("query")
@click.option("--since", default="1h", show_default=True, callback=_duration, help="How far to look back: 15m, 2h, 1d.")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, MOST_LINES), help="The newest so many.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.option("--loki", envvar="LOKI_URL", default="http://loki:3100", show_default=True, help="Where Loki is.")
def logs(query: str, since: int, limit: int, loki: str, *, as_json: bool) -> None:
    """Log lines that match QUERY: LogQL, or just words, for instance an order's id."""
    found = lines_of(_ask(loki, as_logql(query), since, limit))
    if as_json:
        click.echo(json.dumps([line.__dict__ for line in found], indent=2))
    else:
        click.echo("\n".join(map(str, found)) or "no such line")
    if not found:
        sys.exit(NOTHING_FOUND)
