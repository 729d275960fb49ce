"""Overview: the golden signals (traffic, errors, latency, saturation) of every service, and what is down."""

from monitoring.dashboards.model import PROMETHEUS, Choice, Dashboard, Panel, Query, Row
from monitoring.dashboards.queries import CPU, MEMORY, quantile, ratio, request_rate

_SERVICE = 'job=~"$job"'

STATE = Row(
    "State",
    (
        Panel(
            "Processes that are down",
            "short",
            "Targets that Prometheus cannot scrape. Consul forgets a container that ended well, so each of these has"
            " failed or hangs: `make ps` says which, `make logs S=…` says why.",
            (Query("count(up == 0) or vector(0)", instant=True),),
            type="stat",
            width=6,
            height=5,
            red_from=1,
        ),
        Panel(
            "Alerts that are firing",
            "short",
            "Alerts that Prometheus holds to be true now; Alertmanager mails them. Each names its runbook.",
            (Query('count(ALERTS{alertstate="firing"}) or vector(0)', instant=True),),
            type="stat",
            width=6,
            height=5,
            red_from=1,
        ),
        Panel(
            "Requests that fail",
            "percentunit",
            "Share of requests to all APIs that ended in a 5xx status. Refusals (4xx) are answers, not failures.",
            (Query(ratio(request_rate('status=~"5.."'), request_rate()), "failed"),),
            type="stat",
            width=6,
            height=5,
            red_from=0.01,
        ),
        Panel(
            "Dead letters",
            "short",
            "Messages that some service has put aside for good. `make dead-letters ARGS=list` shows them.",
            (Query('sum(rabbitmq_detailed_queue_messages{queue=~".+\\\\.dead"}) or vector(0)', instant=True),),
            type="stat",
            width=6,
            height=5,
            red_from=1,
        ),
    ),
)

APIS = Row(
    "APIs",
    (
        Panel(
            "Traffic",
            "reqps",
            "Requests a second that each API has answered, without health checks and scrapes.",
            (Query(request_rate(_SERVICE, by="job"), "{{job}}"),),
        ),
        Panel(
            "Errors",
            "percentunit",
            "Share of each API's requests that ended in a 5xx status. The log has one line with the trace for each.",
            (
                Query(
                    ratio(request_rate(f'{_SERVICE}, status=~"5.."', by="job"), request_rate(_SERVICE, by="job")),
                    "{{job}}",
                ),
            ),
            red_from=0.01,
        ),
        Panel(
            "Latency, p95",
            "s",
            "Nineteen of twenty requests were answered within this time, as the API itself measures it.",
            (Query(quantile(0.95, "flask_http_request_duration_seconds", _SERVICE, by="job"), "{{job}}"),),
        ),
        Panel(
            "Latency, p50 and p99",
            "s",
            "The usual request and the slowest hundredth. Far apart: now and then a lock or a store is slow.",
            (
                Query(quantile(0.5, "flask_http_request_duration_seconds", _SERVICE, by="job"), "{{job}} p50"),
                Query(quantile(0.99, "flask_http_request_duration_seconds", _SERVICE, by="job"), "{{job}} p99"),
            ),
        ),
        Panel(
            "Slowest routes, p95",
            "s",
            "The ten routes that were slowest of all in the last minutes. The dashboard Logs finds their traces.",
            (
                Query(
                    f"topk(10, {quantile(0.95, 'flask_http_request_duration_seconds', _SERVICE, by='job, url_rule')})",
                    "{{job}} {{url_rule}}",
                ),
            ),
        ),
        Panel(
            "Answers by status",
            "reqps",
            "Requests a second by HTTP status. Many 409 or 422: a client's mistake; 429: the edge's limits.",
            (Query(request_rate(_SERVICE, by="status"), "{{status}}"),),
        ),
    ),
)

WORKERS = Row(
    "Workers",
    (
        Panel(
            "Events handled",
            "ops",
            "Events a second that each service has handled, whatever came of it.",
            (Query("sum by (job) (rate(events_consumed_total[$__rate_interval]))", "{{job}}"),),
        ),
        Panel(
            "Events that went wrong",
            "ops",
            "Events a second that were parked for another try (retried) or put aside (dead). The log says why.",
            (
                Query(
                    'sum by (job, outcome) (rate(events_consumed_total{outcome=~"retried|dead"}[$__rate_interval]))',
                    "{{job}} {{outcome}}",
                ),
            ),
        ),
        Panel(
            "Time to handle an event, p95",
            "s",
            "From the start of the handler to its commit, without the time in the queue.",
            (Query(quantile(0.95, "event_handling_seconds", by="job"), "{{job}}"),),
        ),
    ),
)

SATURATION = Row(
    "Saturation and dependencies",
    (
        Panel(
            "What processes cannot reach",
            "short",
            "Processes to which a check of /health/ready fails, by what they depend on. Nothing here is well.",
            (Query("count by (dependency) (dependency_up == 0) or vector(0)", "{{dependency}}"),),
            red_from=1,
        ),
        Panel("CPU", "percentunit", "Share of one core that each process of ours uses.", (Query(CPU, "{{job}}"),)),
        Panel(
            "Memory",
            "bytes",
            "Resident memory of each process of ours; the limit of a container is 256 MiB.",
            (Query(MEMORY, "{{job}}"),),
        ),
        Panel(
            "Processes",
            "short",
            "Instances of each process that Prometheus reaches: what `--scale` changes.",
            (Query("sum by (job) (up)", "{{job}}"),),
        ),
    ),
)

OVERVIEW = Dashboard(
    "overview",
    "Overview",
    "Where to look first: is anything down, slow, failing or full?",
    (STATE, APIS, WORKERS, SATURATION),
    (Choice("job", "API", PROMETHEUS, "label_values(flask_http_request_total, job)"),),
)
