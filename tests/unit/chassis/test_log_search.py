"""`ops logs`: what it asks Loki, and what it shows."""

import json
from typing import Any

import pytest
import requests
import responses
from click.testing import CliRunner, Result

from chassis.log_search import as_logql, logs, seconds

URL = "http://loki:3100/loki/api/v1/query_range"
LINES = {
    "data": {
        "resultType": "streams",
        "result": [
            {"stream": {"service": "orders-api", "level": "info"}, "values": [["2000000000", '{"event": "b"}\n']]},
            {"stream": {"service": "orders-worker", "level": "error"}, "values": [["1000000000", '{"event": "a"}']]},
        ],
    }
}


def run(*arguments: str) -> Result:
    return CliRunner().invoke(logs, arguments)


@pytest.fixture
def loki() -> Any:
    """Answers as Loki would."""
    with responses.RequestsMock() as mock:
        yield mock


def test_words_become_a_query() -> None:
    """LogQL stays as it is; words are looked for as they stand, quotes included."""
    assert as_logql('{service="orders-api"} |= "x"') == '{service="orders-api"} |= "x"'
    assert as_logql('say "x"') == '{service=~".+"} |= "say \\"x\\""'


@pytest.mark.parametrize(("written", "meant"), [("90s", 90), ("15m", 900), ("2h", 7200), ("1d", 86400)])
def test_durations(written: str, meant: int) -> None:
    """Seconds, minutes, hours and days."""
    assert seconds(written) == meant


def test_lines_come_oldest_first(loki: responses.RequestsMock) -> None:
    """Time, service, level and the line itself; status 0."""
    loki.get(URL, json=LINES)
    done = run("an order", "--since", "15m", "--limit", "7")
    assert done.exit_code == 0
    assert [line.split()[:3] for line in done.output.splitlines()] == [
        ["1970-01-01T00:00:01Z", "orders-worker", "error"], ["1970-01-01T00:00:02Z", "orders-api", "info"],
    ]  # fmt: skip
    asked = loki.calls[0].request.params  # type: ignore[attr-defined]
    assert (asked["limit"], int(asked["end"]) - int(asked["start"])) == ("7", 900 * 10**9)


def test_json_is_for_programs(loki: responses.RequestsMock) -> None:
    """A list of objects."""
    loki.get(URL, json=LINES)
    assert [line["service"] for line in json.loads(run("x", "--json").output)] == ["orders-worker", "orders-api"]


def test_nothing_found(loki: responses.RequestsMock) -> None:
    """Said in words, and by the status."""
    loki.get(URL, json={"data": {"resultType": "streams", "result": []}})
    done = run("x")
    assert (done.exit_code, done.output.strip()) == (1, "no such line")


def test_query_that_loki_does_not_understand(loki: responses.RequestsMock) -> None:
    """Its own words, as a matter of usage."""
    loki.get(URL, status=400, body="parse error at line 1")
    done = run("{")
    assert done.exit_code == 2
    assert "parse error at line 1" in done.output


def test_query_that_counts(loki: responses.RequestsMock) -> None:
    """Shows lines only."""
    loki.get(URL, json={"data": {"resultType": "matrix", "result": []}})
    assert run('{service="x"}').exit_code == 2


def test_loki_is_away(loki: responses.RequestsMock) -> None:
    """One sentence, no traceback."""
    loki.get(URL, body=requests.ConnectionError("nobody"))
    done = run("x")
    assert done.exit_code == 3
    assert "Loki does not answer" in done.output


@pytest.mark.parametrize("arguments", [(), ("x", "--since", "soon"), ("x", "--limit", "0"), ("x", "--limit", "9999")])
def test_usage(arguments: tuple[str, ...]) -> None:
    """What makes no sense is refused before anybody is asked."""
    assert run(*arguments).exit_code == 2
