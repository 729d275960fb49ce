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
            "Resident memory of each process of ours.",
            (Query(MEMORY, "{{job}}"),),
        ),
        Panel(
            "Memory, share of the limit",
            "percentunit",
            "Of each container of ours. At 1 the kernel ends the process.",
            (Query("max by (job) (cgroup_memory_working_set_bytes / (cgroup_memory_limit_bytes < Inf))", "{{job}}"),),
            red_from=0.9,
        ),
        Panel(
            "Processes",
            "short",
            "Instances of each process that Prometheus reaches: what `--scale` changes.",
            (Query("sum by (job) (up)", "{{job}}"),),
        ),
    ),
)

CONFIGURATION = Row(
    "Configuration",
    (
        Panel(
            "Reads",
            "short",
            "Configurations that services asked for in the last ten minutes, by outcome.",
            (
                Query(
                    "sum by (application, outcome) (increase(config_reads_total[10m]))", "{{application}} {{outcome}}"
                ),
            ),
        ),
        Panel(
            "Changes and announcements",
            "short",
            "Commits of the last hour that were made here, fetched from elsewhere, and announced to the services.",
            (
                Query("sum by (kind) (increase(config_commits_total[1h]))", "{{kind}}"),
                Query("sum by (outcome) (increase(config_repository_fetches_total[1h]))", "fetched {{outcome}}"),
                Query("sum(increase(config_announcements_total[1h]))", "announced"),
            ),
        ),
        Panel(
            "Commits that run",
            "short",
            "Processes by the commit of their configuration, and whether it came from the service or from their copy.",
            (Query("count by (commit, origin) (configuration_info)", "{{commit}} {{origin}}"),),
        ),
        Panel(
            "Asked for",
            "ops",
            "Times a second that processes asked for their configuration, by outcome.",
            (Query("sum by (outcome) (rate(configuration_checks_total[$__rate_interval]))", "{{outcome}}"),),
        ),
        Panel(
            "Values that were refused",
            "short",
            "Values of the last hour that are no good: the process kept the one that it had.",
            (Query("sum by (job, setting) (increase(configuration_values_refused_total[1h]))", "{{job}} {{setting}}"),),
            red_from=1,
        ),
        Panel(
            "Broken commit",
            "short",
            "1 while the newest commit has a file that cannot be read: services keep what they have.",
            (Query("max(config_repository_broken)", "broken"),),
            red_from=1,
        ),
    ),
)

OVERVIEW = Dashboard(
    "overview",
    "Overview",
    "Where to look first: is anything down, slow, failing or full?",
    (STATE, APIS, WORKERS, SATURATION, CONFIGURATION),
    (Choice("job", "API", PROMETHEUS, "label_values(flask_http_request_total, job)"),),
)
