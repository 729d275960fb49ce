"""Logs: every container's lines in Loki. A line with a trace id leads to its trace."""

from monitoring.dashboards.model import LOKI, Choice, Dashboard, Panel, Query, Row, Words

_CHOSEN = '{service=~"$service", level=~"$level"}'


def _label(name: str) -> dict[str, object]:
    """Loki's query for the values of a label, as Grafana keeps it."""
    return {"refId": f"values of {name}", "type": 1, "label": name, "stream": ""}


VOLUME = Row(
    "How much",
    (
        Panel(
            "Lines",
            "short",
            "Lines a second by service. A jump is a loop or a storm of retries.",
            (Query('sum by (service) (rate({service=~"$service"}[$__auto]))', "{{service}}"),),
            source=LOKI,
            width=12,
        ),
        Panel(
            "Warnings and errors",
            "short",
            "Lines of each service at warning and above, in steps of the chosen time.",
            (
                Query(
                    'sum by (service, level) (count_over_time({service=~"$service", level=~"warning|error|critical"}'
                    "[$__auto]))",
                    "{{service}} {{level}}",
                ),
            ),
            source=LOKI,
            width=12,
        ),
    ),
)

LINES = Row(
    "Lines",
    (
        Panel(
            "Lines that hold the words",
            "short",
            "Write an order's id, a request id or a trace id into Words. A line with a trace id links to its trace.",
            (Query(f"{_CHOSEN} |= `$words`"),),
            type="logs",
            source=LOKI,
            width=24,
            height=14,
        ),
        Panel(
            "Slow requests",
            "short",
            "Requests that took longer than 250 ms. Each line has its trace: open it to see what it waited for.",
            (
                Query(
                    '{service=~".+-api"} |= `"event": "request"` | json duration_ms="duration_ms" | duration_ms > 250'
                ),
            ),
            type="logs",
            source=LOKI,
            width=12,
            height=10,
        ),
        Panel(
            "Requests that failed",
            "short",
            "Requests that ended in a 5xx status, with their trace.",
            (Query('{service=~".+-api"} |= `"event": "request"` | json status="status" | status >= 500'),),
            type="logs",
            source=LOKI,
            width=12,
            height=10,
        ),
    ),
)

LOGS = Dashboard(
    "logs",
    "Logs",
    "Every container's lines, and the way from a line to its trace.",
    (VOLUME, LINES),
    (
        Choice("service", "Service", LOKI, _label("service")),
        Choice("level", "Level", LOKI, _label("level")),
        Words("words", "Words"),
    ),
)
